// xen-api of npm, which Xen Orchestra is built on: its transports, its event watcher, its failover.
import { createInterface } from 'node:readline/promises'
import { createClient } from 'xen-api'

const [url, transport] = process.argv.slice(2)
const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const say = (...words) => console.log(...words)
const ask = async wish => {
  say('?', wish)
  return (await input.next()).value
}
console.warn = () => {} // its watcher tells of each attempt while there is no master

const xapi = createClient({ url, auth: { user: 'root', password: 'xenroot' }, transport, debounce: 20, eventPollDelay: 200 })
await xapi.connect()
await xapi.objectsFetched
say('logged in')

const named = (type, name) => Object.values(xapi.objects.all).find(o => o.$type === type && o.name_label === name && !o.is_a_template)
const until = async test => {
  while (!test()) await new Promise(resolve => xapi.objects.once('finish', resolve)) // its collection has taken a batch in
}
const vm = named('VM', 'app-1').$ref
const current = () => xapi.getObject(vm)
const web = () => named('VM', 'web-1')
const awaitWeb = async wanted => {
  await until(() => web().power_state === wanted)
  say('saw web-1', web().power_state)
}
say('app-1 has', Object.keys(await xapi.call('VM.get_record', vm)).length, 'fields')

await xapi.callAsync('VM.start_on', vm, named('host', 'xen-1').$ref, false, false)
await until(() => current().power_state === 'Running')
say('app-1 start success', current().power_state)
await until(() => current().allowed_operations.includes('pool_migrate')) // the guest's agent has to report first
await xapi.callAsync('VM.pool_migrate', vm, named('host', 'xen-3').$ref, { live: 'true' })
await until(() => current().$resident_on.name_label === 'xen-3')
say('app-1 pool_migrate success', current().$resident_on.name_label)
await xapi.callAsync('VM.hard_shutdown', vm)
await until(() => current().power_state === 'Halted')
say('app-1 hard_shutdown success', current().power_state)
await xapi.callAsync('VM.clean_shutdown', vm).catch(error => say('app-1 clean_shutdown', error.code, ...error.params.slice(1)))

await ask('halt web-1')
await awaitWeb('Halted')

await xapi.call('event.register', ['vm'])
await ask('lose-events')
await xapi.call('event.next').catch(error => say('lost', error.code))
await ask('start web-1') // its watcher does without what others lose
await awaitWeb('Running')

await ask('new-master')
// its old address leads to a member now: it has to log in again, and to follow HOST_IS_SLAVE
for (;;) {
  try {
    say('new master app-1', await xapi.call('VM.get_power_state', vm))
    break
  } catch (error) {
    if (error.code !== 'ECONNREFUSED' && error.code !== 'UND_ERR_SOCKET' && error.code !== 'HOST_STILL_BOOTING') throw error
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}
await ask('halt web-1')
await awaitWeb('Halted')
await xapi.callAsync('VM.start', vm, false, false)
await until(() => current().power_state === 'Running')
say('app-1 start success', current().power_state)
await xapi.disconnect()
process.exit(0)

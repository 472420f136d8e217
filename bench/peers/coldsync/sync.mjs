// xen-api of npm copies a pool: from before its login until its objects are all there.
import { createClient } from 'xen-api'

const [url, transport] = process.argv.slice(2)
const began = performance.now()
const used = process.cpuUsage()
const xapi = createClient({ url, auth: { user: 'root', password: 'xenroot' }, transport, debounce: 0, allowUnauthorized: true })
await xapi.connect()
await xapi.objectsFetched
const { user, system } = process.cpuUsage(used) // µs
const wall = (performance.now() - began) / 1e3
const objects = Object.values(xapi.objects.all).length
process.stdout.write(JSON.stringify({ wall, cpu: (user + system) / 1e6, objects }))
await xapi.disconnect()
process.exit(0)

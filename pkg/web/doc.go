// Package web serves what can be seen from outside: metrics, health, a read-only JSON API, and a page that follows the
// pool live.
//
// It knows HTTP and the View that it is handed. It must not know where a View comes from: no pool, no store, no
// reconciler; and nothing that it serves changes anything. Every resource answers GET and HEAD only.
//
//	/metrics                   Prometheus
//	/healthz                   200 while the process serves
//	/readyz                    200 once every pool is in sync; else 503 and, a line each, what is not
//	/api/v1/pools              JSON: {"items": […]}, the types of view.go
//	/api/v1/hosts              the same
//	/api/v1/virtualmachines    the same
//	/api/v1/actions            the same: in flight first, then the newest finished ones
//	/api/v1/stream             server-sent events: one "view" with the whole View as JSON now, and one after each change
//	/                          the page; it works without JavaScript, as it was when it was loaded
package web

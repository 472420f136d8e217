package simulator

import (
	"time"

	"github.com/xencontroller/xencontroller/internal/wire/xapid"
)

// hostLocalTime is the only date of the API without a zone. Hosts of the simulator live in UTC.
func hostLocalTime(*call) (any, error) {
	return xapid.Date(time.Now().UTC().Format("20060102T15:04:05")), nil
}

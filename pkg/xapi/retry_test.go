package xapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

func TestClassify(t *testing.T) {
	fault := func(code xen.ErrorCode) error { return fmt.Errorf("starting db-1: %w", &xen.Error{Code: code}) }
	tests := []struct {
		err         error
		want        xapi.Verdict
		notExecuted bool
	}{
		{fault(xen.SessionInvalid), xapi.Elsewhere, true},
		{fault(xen.HostIsSlave), xapi.Elsewhere, true},
		{fault(xen.HostStillBooting), xapi.Elsewhere, true},
		{fault(xen.HostUnknownToMaster), xapi.Elsewhere, true},
		{fault(xen.VMBadPowerState), xapi.Wait, false},
		{fault(xen.OtherOperationInProgress), xapi.Wait, false},
		{fault(xen.HostNotEnoughFreeMemory), xapi.Wait, false},
		{fault(xen.CannotContactHost), xapi.Again, false},
		{fault(xen.InternalError), xapi.Again, false},
		{fault(xen.TooManyPendingTasks), xapi.Again, true},
		{fault(xen.HandleInvalid), xapi.GiveUp, false}, // a task that was swept away says this too: it may have run
		{fault(xen.RBACPermissionDenied), xapi.GiveUp, false},
		{fault(xen.MessageMethodUnknown), xapi.GiveUp, true},
		{fault("SOMETHING_NEW"), xapi.GiveUp, false},
		{&xapi.TransportError{Err: io.EOF, Sent: true}, xapi.Again, false},
		{&xapi.TransportError{Err: io.EOF}, xapi.Again, true},
		{&xapi.TransportError{Err: context.Canceled, Sent: true}, xapi.GiveUp, false},
		{&xapi.OutcomeUnknownError{Err: &xapi.TransportError{Err: io.EOF, Sent: true}}, xapi.Look, false},
		{&xapi.HTTPError{Status: 500}, xapi.Again, false},
		{&xapi.HTTPError{Status: 431}, xapi.GiveUp, true},
		{&xapi.HTTPError{Status: 408}, xapi.Again, true},
		{&xapi.RequestError{Err: errors.New("too large")}, xapi.GiveUp, true},
		{&xapi.LoginError{Err: errors.New("no")}, xapi.GiveUp, true},
		{xapi.ErrClosed, xapi.GiveUp, true},
		{nil, xapi.GiveUp, false},
	}
	for _, tt := range tests {
		if got := xapi.Classify(tt.err); got != tt.want {
			t.Errorf("%v: verdict %d, want %d", tt.err, got, tt.want)
		}
		if got := xapi.NotExecuted(tt.err); got != tt.notExecuted {
			t.Errorf("%v: not executed %v", tt.err, got)
		}
		if got, want := xapi.Retryable(tt.err), tt.want == xapi.Wait || tt.want == xapi.Again || tt.want == xapi.Elsewhere; got != want {
			t.Errorf("%v: retryable %v", tt.err, got)
		}
	}
}

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/xencontroller/xencontroller/internal/wire/xmlrpc"
	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// newDumpCommand makes "dump".
func newDumpCommand(e *env) *cobra.Command {
	var conn connectionFlags
	logs := logFlags{quiet: true}
	cmd := &cobra.Command{
		Use: "dump", Short: "Write all objects of a pool as JSON, to simulate it elsewhere", Args: cobra.NoArgs,
		Long: `Write what get_all_records answers for each class of a pool as JSON, for simulate --load. Only reads.

Sessions, tasks and roles are left out. Redacted are the values of secrets, and whatever stands in a map under a key that
speaks of a password, passphrase, secret, token, credential, session, private key or API key. Names, addresses and
descriptions stay: read the file before you give it away.`,
		Example: `  xencontroller dump --pool https://xen-1.example.com --password-file F --ca-file pool.pem > dump.json
  xencontroller simulate --load dump.json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, flush, err := logs.logger(e)
			if err != nil {
				return err
			}
			defer flush()
			client, err := conn.client(e, log, nil)
			if err != nil {
				return err
			}
			err = dump(cmd.Context(), e, &conn, client)
			return errors.Join(err, closeClient(cmd.Context(), client))
		},
	}
	conn.add(cmd)
	logs.add(cmd)
	return cmd
}

// dump reads every class in one session, and writes nothing before it has all.
func dump(ctx context.Context, e *env, conn *connectionFlags, client *xapi.Client) error {
	session, err := conn.connect(ctx, client)
	if err != nil {
		return err
	}
	classes, err := simulator.DumpedClasses()
	if err != nil {
		return err
	}
	var d simulator.Dump
	for _, class := range classes {
		var records xmlrpc.Raw
		err := session.Do(ctx, xen.Request{Method: class + ".get_all_records"}, &records)
		if lacks(err) {
			continue // an older or newer xapi than the datamodel
		}
		if err != nil {
			return fmt.Errorf("listing %s: %w", class, err)
		}
		if err := d.Add(class, records); err != nil {
			return err
		}
	}
	_, err = d.WriteTo(e.out)
	return err
}

// lacks tells the errors of a pool whose release does not have a class, or has it no more.
func lacks(err error) bool {
	return errors.Is(err, xen.MessageMethodUnknown) || errors.Is(err, xen.MessageRemoved)
}

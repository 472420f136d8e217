package informer

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// listers is how many classes are listed at a time. Lists are heavy for the server, and it has few threads.
const listers = 4

// list lists classes. A class that the server does not have, or does not let us see, has no objects.
func (i *Informer) list(ctx context.Context, s session, classes []xen.Class) ([]xen.ObjectList, error) {
	lists := make([]xen.ObjectList, len(classes))
	refused := make([]error, len(classes))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(listers)
	for n, class := range classes {
		g.Go(func() (err error) {
			lists[n], err = i.listClass(gctx, s, class)
			if err != nil && notForUs(err) {
				refused[n], err = err, nil
			}
			lists[n].Class = class
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	i.report(lists, refused)
	return lists, nil
}

// listClass lists a class. Objects that are as they were in the list before are the very same records.
func (i *Informer) listClass(ctx context.Context, s session, class xen.Class) (xen.ObjectList, error) {
	list := xen.ObjectList{Class: class, Memory: i.memories[class]}
	err := s.Do(ctx, xen.GetAllRecords(class).Request, &list)
	if _, unreadable := errors.AsType[*xapi.ReplyError](err); unreadable {
		list, err = listOneByOne(ctx, s, class, err)
	}
	if err != nil {
		return xen.ObjectList{}, fmt.Errorf("listing %s: %w", class, err)
	}
	return list, nil
}

// listOneByOne asks for each object alone, where the list of all cannot be read. xapi: the keys of maps are written
// without escaping, so that one key with a "<" or "&" in one object breaks the list of its class.
func listOneByOne(ctx context.Context, s session, class xen.Class, cause error) (xen.ObjectList, error) {
	var refs []string
	if err := s.Do(ctx, xen.Request{Method: string(class) + ".get_all"}, &refs); err != nil {
		return xen.ObjectList{}, errors.Join(cause, err)
	}
	return readEach(ctx, s, class, refs)
}

// readEach asks for objects of a class one after the other. One that is gone meanwhile is left out.
func readEach(ctx context.Context, s session, class xen.Class, refs []string) (xen.ObjectList, error) {
	list := xen.ObjectList{Class: class}
	for _, ref := range refs {
		record := xen.NewRecord(class)
		err := s.Do(ctx, xen.Request{Method: string(class) + ".get_record", Params: []any{ref}}, record)
		_, unreadable := errors.AsType[*xapi.ReplyError](err)
		switch {
		case err == nil:
			list.Objects = append(list.Objects, xen.Object{Ref: ref, Record: record})
		case unreadable:
			list.Skipped = append(list.Skipped, xen.SkippedObject{Ref: ref, Err: err})
		case errors.Is(err, xen.HandleInvalid): // gone meanwhile
		default:
			return xen.ObjectList{}, err
		}
	}
	return list, nil
}

// notForUs reports whether a class cannot be listed on this server, or not by this user.
func notForUs(err error) bool {
	return errors.Is(err, xen.MessageMethodUnknown) || errors.Is(err, xen.MessageRemoved) || errors.Is(err, xen.RBACPermissionDenied)
}

// report says what lists leave out: a class once, an object each time.
func (i *Informer) report(lists []xen.ObjectList, refused []error) {
	var news []string
	for n, list := range lists {
		if refused[n] != nil && !i.skipped[list.Class] {
			i.skipped[list.Class] = true
			news = append(news, refused[n].Error())
		}
		for _, o := range list.Skipped {
			i.count.unreadable(list.Class)
			i.log.Info("an object could not be read; it is left out", "class", list.Class, "ref", o.Ref, "error", fmt.Sprint(o.Err))
		}
	}
	if len(news) > 0 {
		i.log.Info("the pool does not list some classes; they are taken for empty", "classes", news)
	}
}

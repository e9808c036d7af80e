// Package doctor checks a configuration against its real providers: whether
// each instance can be reached, takes its credentials, and does what clients
// will want of it. Every check of an answer goes through a gateway node of its
// own with that one instance, so that what passes here works there.
package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/llmgw/llmgw/gateway/config"
)

// Status is how a check ended.
type Status string

// The ends of a check. Skip: it does not apply, or was not wanted; Detail says
// why.
const (
	Pass Status = "PASS"
	Fail Status = "FAIL"
	Skip Status = "SKIP"
)

// Result is one check's line.
type Result struct {
	Subject string // provider/instance, or "configuration"
	Check   string
	Status  Status
	Detail  string
	Took    time.Duration
}

// Options say what is checked.
type Options struct {
	Live   bool         // also what costs tokens
	Model  string       // the model to ask for; "": found in routes, else in the provider's list
	Report func(Result) // one call a result, in order, from Run's goroutine
	Now    func() time.Time
}

// Run checks every instance of every provider, one after the other, and tells
// whether nothing failed.
func Run(ctx context.Context, c *config.Config, o Options) bool {
	d := &doctor{config: c, o: o, healthy: true}
	d.check("configuration", "valid", func() (Status, string) {
		return Pass, fmt.Sprintf("providers: %d, routes: %d, keys: %d", len(c.Providers), len(c.Routes), len(c.Keys))
	})
	for i := range c.Providers {
		p := &c.Providers[i]
		for j := range p.Instances {
			d.instance(ctx, p, &p.Instances[j])
		}
	}
	return d.healthy
}

type doctor struct {
	config  *config.Config
	o       Options
	healthy bool
}

// check runs one check and reports it.
func (d *doctor) check(subject, name string, f func() (Status, string)) Status {
	began := d.o.Now()
	status, detail := f()
	if status == Fail {
		d.healthy = false
	}
	d.o.Report(Result{Subject: subject, Check: name, Status: status, Detail: detail, Took: d.o.Now().Sub(began)})
	return status
}

// patient is one instance under examination.
type patient struct {
	*doctor
	provider *config.Provider
	instance *config.Instance
	subject  string
	listed   []string // the models that the instance lists
	model    string
}

func (d *doctor) instance(ctx context.Context, p *config.Provider, in *config.Instance) {
	x := &patient{doctor: d, provider: p, instance: in, subject: p.Name + "/" + in.Name}
	if !x.reach(ctx) {
		return
	}
	x.model = x.chooseModel()
	if !d.o.Live {
		x.doctor.check(x.subject, "answers", func() (Status, string) {
			return Skip, "calls that cost tokens are made with --live"
		})
		return
	}
	if x.model == "" {
		x.doctor.check(x.subject, "model", func() (Status, string) {
			return Fail, "no model to ask for: no route names one exactly and the provider lists none that is routed to it; name one with --model"
		})
		return
	}
	x.live(ctx)
}

func (x *patient) check(name string, f func() (Status, string)) bool {
	return x.doctor.check(x.subject, name, f) != Fail
}

// chooseModel takes the one that the user named, else one that a route names
// exactly, else the first that the provider lists and that is routed to it.
func (x *patient) chooseModel() string {
	if x.o.Model != "" {
		return x.o.Model
	}
	for _, r := range x.config.Routes {
		if r.Provider != x.provider.Name {
			continue
		}
		if r.Model != "" {
			return r.Model
		}
		if !hasStar(r.Pattern) {
			return r.Pattern
		}
	}
	for _, m := range x.listed {
		if r, ok := x.config.RouteFor(m); ok && r.Provider == x.provider.Name {
			return m
		}
	}
	if len(x.config.Routes) == 0 && len(x.listed) > 0 {
		return x.listed[0]
	}
	return ""
}

func hasStar(pattern string) bool {
	for i := range len(pattern) {
		if pattern[i] == '*' {
			return true
		}
	}
	return false
}

package main

import (
	"fmt"
	"sort"
	"strings"

	"github.com/anishathalye/porcupine"
)

// The fenced lock of one key, as a model for Porcupine. It was written from docs/checking-histories.md, and shares
// nothing with the search in packages/core.
//
// Porcupine knows no events of the model's own and no operations that may never take effect. So an expiry is an
// operation beside the others, from its earliest time to the end of the history, and so is a request without an
// answer; each of them may also do nothing.

type share struct {
	Kind string // "whole", "shared", "permits"
	Take int
	Of   int
}

type input struct {
	Type   string // "acquire", "renew", "release", "clear", "expire"
	Holder string
	Share  share
	Until  int64 // -1: nothing is known
}

type output struct {
	Answer string // "granted", "contended", "gone", "released", "not-held", "done", "unknown"
	Token  int64
	Slots  []int
}

type hold struct {
	Holder string
	Share  share
	Slots  []int
	Token  int64 // -1: nobody was told
	Above  int64
	Until  int64
}

type state struct {
	Holds    []hold
	Greatest int64
	Base     int64
	Slots    map[int]int64
}

func initial() []interface{} {
	return []interface{}{state{Greatest: -1, Base: -1, Slots: map[int]int64{}}}
}

func step(before, in, out interface{}) []interface{} {
	var states []interface{}
	for _, next := range after(before.(state), in.(input), out.(output)) {
		states = append(states, next)
	}
	return states
}

func equal(one, other interface{}) bool {
	return describe(one.(state)) == describe(other.(state))
}

func describe(s state) string {
	var parts []string
	for _, h := range s.Holds {
		parts = append(parts, fmt.Sprint(h))
	}
	sort.Strings(parts)
	var slots []int
	for slot := range s.Slots {
		slots = append(slots, slot)
	}
	sort.Ints(slots)
	for _, slot := range slots {
		parts = append(parts, fmt.Sprint(slot, "=", s.Slots[slot]))
	}
	return fmt.Sprint(s.Greatest, s.Base, strings.Join(parts, ";"))
}

var fencedLock = (&porcupine.NondeterministicModel{Init: initial, Step: step, Equal: equal}).ToModel()

func after(s state, in input, out output) []state {
	own := find(s, in.Holder)
	unchanged := []state{s}
	switch in.Type {
	case "clear":
		cleared := s
		cleared.Holds = nil
		if out.Answer == "unknown" {
			return []state{s, cleared}
		}
		return []state{cleared}
	case "expire":
		if own != nil && own.Until <= in.Until {
			return []state{s, without(s, in.Holder)}
		}
		return unchanged
	case "release":
		return released(s, in, out, own)
	case "renew":
		return renewed(s, in, out, own)
	default:
		return acquired(s, in, out, own)
	}
}

func released(s state, in input, out output, own *hold) []state {
	switch {
	case out.Answer == "released" && own != nil:
		return []state{without(s, in.Holder)}
	case out.Answer == "not-held" && own == nil:
		return []state{s}
	case out.Answer == "unknown" && own != nil:
		return []state{s, without(s, in.Holder)}
	case out.Answer == "unknown":
		return []state{s}
	}
	return nil
}

func renewed(s state, in input, out output, own *hold) []state {
	switch {
	case out.Answer == "unknown":
		return []state{s}
	case out.Answer == "gone" && own == nil:
		return []state{s}
	case out.Answer == "granted" && own != nil:
		return toldAgain(s, in, out, *own)
	}
	return nil
}

func acquired(s state, in input, out output, own *hold) []state {
	free, fits := place(s, in.Share)
	switch {
	case out.Answer == "contended":
		if own == nil && !fits {
			return []state{s}
		}
		return nil
	case out.Answer == "unknown":
		if own != nil || !fits {
			return []state{s}
		}
		above := before(s, in.Share, free)
		next := with(s, hold{in.Holder, in.Share, free, -1, above, in.Until})
		if in.Share.Kind == "whole" {
			next = marked(next, in.Share, free, above+1)
		}
		return []state{s, next}
	case own != nil:
		return toldAgain(s, in, out, *own)
	}
	if !allowed(s, in.Share, out.Slots) || out.Token <= before(s, in.Share, out.Slots) {
		return nil
	}
	next := with(s, hold{in.Holder, in.Share, out.Slots, out.Token, -1, in.Until})
	return []state{marked(next, in.Share, out.Slots, out.Token)}
}

func toldAgain(s state, in input, out output, own hold) []state {
	known := own.Token >= 0
	if known && out.Token != own.Token || !known && out.Token <= own.Above {
		return nil
	}
	if out.Slots != nil && own.Share.Kind == "permits" {
		if known && fmt.Sprint(out.Slots) != fmt.Sprint(own.Slots) {
			return nil
		}
		own.Slots = out.Slots
	}
	own.Token = out.Token
	own.Above = -1
	if in.Until > own.Until {
		own.Until = in.Until
	}
	return []state{marked(with(without(s, in.Holder), own), own.Share, own.Slots, own.Token)}
}

func find(s state, holder string) *hold {
	for _, h := range s.Holds {
		if h.Holder == holder {
			return &h
		}
	}
	return nil
}

func without(s state, holder string) state {
	var rest []hold
	for _, h := range s.Holds {
		if h.Holder != holder {
			rest = append(rest, h)
		}
	}
	s.Holds = rest
	return s
}

func with(s state, h hold) state {
	s.Holds = append(append([]hold{}, s.Holds...), h)
	return s
}

// place tells the lowest slots that are free, and whether the share can be had.
func place(s state, sh share) ([]int, bool) {
	if sh.Kind == "whole" {
		return nil, len(s.Holds) == 0
	}
	taken := map[int]bool{}
	for _, h := range s.Holds {
		if h.Share.Kind != sh.Kind {
			return nil, false
		}
		for _, slot := range h.Slots {
			taken[slot] = true
		}
	}
	var slots []int
	for slot := 0; slot < sh.Of && len(slots) < sh.Take; slot++ {
		if !taken[slot] {
			slots = append(slots, slot)
		}
	}
	return slots, len(slots) == sh.Take
}

// allowed tells whether these slots may be granted.
func allowed(s state, sh share, slots []int) bool {
	if sh.Kind != "permits" {
		_, fits := place(s, sh)
		return fits && len(slots) == 0
	}
	seen := map[int]bool{}
	for _, slot := range slots {
		if slot < 0 || slot >= sh.Of || seen[slot] {
			return false
		}
		seen[slot] = true
	}
	for _, h := range s.Holds {
		if h.Share.Kind != "permits" {
			return false
		}
		for _, slot := range h.Slots {
			if seen[slot] {
				return false
			}
		}
	}
	return len(slots) == sh.Take
}

// before tells the greatest token that one of these slots, or of all of the key, must exceed.
func before(s state, sh share, slots []int) int64 {
	if sh.Kind != "permits" {
		return s.Greatest
	}
	most := s.Base
	for _, slot := range slots {
		if s.Slots[slot] > most {
			most = s.Slots[slot]
		}
	}
	return most
}

func marked(s state, sh share, slots []int, token int64) state {
	if token > s.Greatest {
		s.Greatest = token
	}
	if sh.Kind != "permits" {
		s.Base = s.Greatest
		return s
	}
	marks := map[int]int64{}
	for slot, mark := range s.Slots {
		marks[slot] = mark
	}
	for _, slot := range slots {
		if token > marks[slot] {
			marks[slot] = token
		}
	}
	s.Slots = marks
	return s
}

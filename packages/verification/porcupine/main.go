// Gives Porcupine's verdict on each history of standard input, one JSON document a line, and writes it to standard
// output, and the history with it. Where Porcupine does not come to an end, it writes nothing. See README.md.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

type operation struct {
	Type     string          `json:"type"`
	Process  string          `json:"process"`
	Holder   string          `json:"holder"`
	Called   int64           `json:"called"`
	Returned *int64          `json:"returned"`
	Until    *int64          `json:"validUntil"`
	Share    *share          `json:"share"`
	Answer   json.RawMessage `json:"answer"`
}

type told struct {
	FencingToken int64 `json:"fencingToken"`
	Slots        []int `json:"slots"`
}

func operationsOf(history []operation) []porcupine.Operation {
	var all []porcupine.Operation
	for _, each := range history {
		in := input{Type: each.Type, Holder: each.Holder, Share: share{Kind: "whole"}, Until: -1}
		if each.Share != nil {
			in.Share = *each.Share
		}
		if each.Until != nil {
			in.Until = *each.Until
		}
		out := outputOf(each.Answer)
		end := int64(math.MaxInt64)
		if each.Returned != nil {
			end = *each.Returned
		}
		all = append(all, porcupine.Operation{Input: in, Call: each.Called, Output: out, Return: end})
		if each.Type == "acquire" || each.Type == "renew" {
			from := each.Called
			if in.Until >= 0 {
				from = in.Until
			}
			expiry := input{Type: "expire", Holder: each.Holder, Until: in.Until}
			all = append(all, porcupine.Operation{Input: expiry, Call: from, Output: output{}, Return: math.MaxInt64})
		}
	}
	return all
}

func outputOf(raw json.RawMessage) output {
	var word string
	if json.Unmarshal(raw, &word) == nil {
		return output{Answer: word}
	}
	var grant told
	if err := json.Unmarshal(raw, &grant); err != nil {
		panic(err)
	}
	return output{Answer: "granted", Token: grant.FencingToken, Slots: grant.Slots}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var history []operation
		if err := json.Unmarshal(lines.Bytes(), &history); err != nil {
			panic(err)
		}
		verdict := porcupine.CheckOperationsTimeout(fencedLock, operationsOf(history), 20*time.Second)
		if verdict == porcupine.Unknown {
			continue
		}
		fmt.Printf("{\"porcupine\":%q,\"history\":%s}\n", verdict, lines.Text())
	}
}

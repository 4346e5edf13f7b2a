// Measures gopkg.in/macaroon.v2: `peer FIXTURE` checks that it judges every token of the fixture rightly, and prints a
// line of JSON for each with the CPU time of one verification and how often that asks for memory.
package main

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"

	"gopkg.in/macaroon.v2"
)

// Given by the linker: its package is built without modules, which would know.
var version = "unknown"

type token struct {
	Case    string
	Caveats int
	IsValid bool `json:"is_valid"`
	Header  string
}

type fixture struct {
	RootKey string `json:"root_key"`
	Now     int64
	Tokens  []token
}

type row struct {
	Implementation string   `json:"implementation"`
	Language       string   `json:"language"`
	Version        string   `json:"version"`
	Verifies       []string `json:"verifies"`
	Case           string   `json:"case"`
	Caveats        int      `json:"caveats"`
	Ns             float64  `json:"ns"`
	Allocations    uint64   `json:"allocations"`
}

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var fixture fixture
	if err := json.Unmarshal(text, &fixture); err != nil {
		return err
	}
	key, err := hex.DecodeString(fixture.RootKey)
	if err != nil {
		return err
	}
	for _, token := range fixture.Tokens {
		if err := verify(token.Header, key, fixture.Now); (err == nil) != token.IsValid {
			return fmt.Errorf("macaroon.v2 judges %s (%d): %v", token.Case, token.Caveats, err)
		}
	}
	for _, token := range fixture.Tokens {
		call := func() { _ = verify(token.Header, key, fixture.Now) }
		line, err := json.Marshal(row{
			Implementation: "macaroon.v2",
			Language:       "Go",
			Version:        version + ", " + runtime.Version(),
			Verifies:       []string{"preimage (by us)", "HMAC chain", "caveats"},
			Case:           token.Case,
			Caveats:        token.Caveats,
			Ns:             nanoseconds(call),
			Allocations:    allocations(call),
		})
		if err != nil {
			return err
		}
		fmt.Println(string(line))
	}
	return nil
}

// verify takes the value of an Authorization field. Around the library stands the least that a server needs.
func verify(header string, key []byte, now int64) error {
	credential, isL402 := strings.CutPrefix(header, "L402 ")
	text, digits, isPair := strings.Cut(credential, ":")
	if !isL402 || !isPair {
		return errors.New("not an L402 credential")
	}
	preimage, err := hex.DecodeString(digits)
	if err != nil {
		return err
	}
	binary, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return err
	}
	var decoded macaroon.Macaroon
	if err := decoded.UnmarshalBinary(binary); err != nil {
		return err
	}
	hash := sha256.Sum256(preimage)
	if id := decoded.Id(); len(id) < 34 || subtle.ConstantTimeCompare(id[2:34], hash[:]) != 1 {
		return errors.New("not paid")
	}
	return decoded.Verify(key, func(caveat string) error {
		if caveat == "services=api:0" || caveat == "api_capabilities=read" {
			return nil
		}
		if end, isEnd := strings.CutPrefix(caveat, "api_valid_until="); isEnd {
			if end, err := strconv.ParseInt(end, 10, 64); err == nil && now < end {
				return nil
			}
		}
		return errors.New("not satisfied")
	}, nil)
}

// nanoseconds is the CPU time of a call: the median of nine slots of at least 20 milliseconds, long enough that each has
// its share of the garbage collector.
func nanoseconds(call func()) float64 {
	const slot = 20 * time.Millisecond
	took := func(calls int) time.Duration {
		start := cpuTime()
		for range calls {
			call()
		}
		return cpuTime() - start
	}
	calls := 1
	for took(calls) < slot {
		calls *= 2
	}
	slots := make([]float64, 9)
	for i := range slots {
		slots[i] = float64(took(calls).Nanoseconds()) / float64(calls)
	}
	sort.Float64s(slots)
	return float64(int64(slots[len(slots)/2]*10)) / 10
}

// cpuTime is what all threads of this process have used, those of the garbage collector included.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func allocations(call func()) uint64 {
	const calls = 100
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range calls {
		call()
	}
	runtime.ReadMemStats(&after)
	return (after.Mallocs - before.Mallocs) / calls
}

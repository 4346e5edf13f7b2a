// gopkg.in/macaroon.v2 as a shim for `l402-conformance verifier`. It knows macaroons only, so that it judges nothing of L402.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"

	"gopkg.in/macaroon.v2"
)

type request struct {
	ID         json.Number `json:"id"`
	Op         string      `json:"op"`
	Format     string      `json:"format"`
	Macaroon   string      `json:"macaroon"`
	RootKey    string      `json:"root_key"`
	Identifier string      `json:"identifier"`
	Location   string      `json:"location"`
	Caveats    []string    `json:"caveats"`
}

type fields map[string]interface{}

var versions = map[string]macaroon.Version{"v1": macaroon.V1, "v2": macaroon.V2, "v2-json": macaroon.V2}

func unhex(text string) []byte {
	data, err := hex.DecodeString(text)
	if err != nil {
		panic(err) // the suite writes hex
	}
	return data
}

func read(r request) (*macaroon.Macaroon, error) {
	var m macaroon.Macaroon
	if r.Format == "v2-json" {
		return &m, m.UnmarshalJSON(unhex(r.Macaroon))
	}
	return &m, m.UnmarshalBinary(unhex(r.Macaroon))
}

func write(format string, m *macaroon.Macaroon) (fields, error) {
	marshal := m.MarshalBinary
	if format == "v2-json" {
		marshal = m.MarshalJSON
	}
	data, err := marshal()
	return fields{"macaroon": hex.EncodeToString(data)}, err
}

func appendTo(m *macaroon.Macaroon, caveats []string) error {
	for _, caveat := range caveats {
		if err := m.AddFirstPartyCaveat(unhex(caveat)); err != nil {
			return err
		}
	}
	return nil
}

func answer(r request) (fields, error) {
	switch r.Op {
	case "hello":
		return fields{
			"name": "go-macaroon", "version": os.Getenv("SHIM_VERSION"),
			"operations": []string{"parse", "mint", "attenuate", "verify"},
			"reads":      []string{"v2", "v1", "v2-json"}, "writes": []string{"v2", "v1"}, "judges": []string{},
		}, nil
	case "parse":
		m, err := read(r)
		if err != nil {
			return nil, err
		}
		caveats := []string{}
		for _, caveat := range m.Caveats() {
			caveats = append(caveats, hex.EncodeToString(caveat.Id))
		}
		return fields{
			"location": hex.EncodeToString([]byte(m.Location())), "identifier": hex.EncodeToString(m.Id()),
			"caveats": caveats, "signature": hex.EncodeToString(m.Signature()),
		}, nil
	case "mint":
		m, err := macaroon.New(unhex(r.RootKey), unhex(r.Identifier), string(unhex(r.Location)), versions[r.Format])
		if err == nil {
			err = appendTo(m, r.Caveats)
		}
		if err != nil {
			return nil, err
		}
		return write(r.Format, m)
	case "attenuate":
		m, err := read(r)
		if err == nil {
			err = appendTo(m, r.Caveats)
		}
		if err != nil {
			return nil, err
		}
		return write(r.Format, m)
	case "verify":
		m, err := read(r)
		if err == nil {
			err = m.Verify(unhex(r.RootKey), func(string) error { return nil }, nil)
		}
		if err != nil {
			return nil, err
		}
		return fields{"signature": hex.EncodeToString(m.Signature())}, nil
	}
	return fields{"verdict": "unsupported"}, nil
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			panic(err)
		}
		result, err := answer(r)
		if err != nil {
			result = fields{"verdict": "refused", "reason": err.Error()}
		} else if result["verdict"] == nil {
			result["verdict"] = "ok"
		}
		result["id"] = r.ID
		line, err := json.Marshal(result)
		if err != nil {
			panic(err)
		}
		fmt.Println(string(line))
	}
}

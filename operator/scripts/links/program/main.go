// The languages of links in `argocd-cm`, by the libraries that define them: text/template with the
// functions of sprig for the URL, expr for the condition. Built for WebAssembly: the host writes a
// request into memory of ours, and reads the answer from it.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"strings"
	"text/template"
	"unsafe"

	"github.com/Masterminds/sprig/v3"
	"github.com/expr-lang/expr"
)

const (
	// Below what the host lets the whole memory grow to, so that garbage goes before the end comes.
	softMemory = 96 << 20
	// Of a goroutine. Beyond it the program ends, and the host starts a new one.
	maxStack = 4 << 20
)

type request struct {
	If        *string        `json:"if"`
	URL       string         `json:"url"`
	MaxURL    int            `json:"maxUrl"`
	Variables map[string]any `json:"variables"`
}

// An answer has a URL, or says that the condition does not hold, or why there is no link.
type answer struct {
	URL    string `json:"url,omitempty"`
	Hidden bool   `json:"hidden,omitempty"`
	Kind   string `json:"kind,omitempty"`
	Reason string `json:"reason,omitempty"`
}

var (
	functions = withoutSystem(sprig.TxtFuncMap())
	asked     []byte
	answered  []byte
)

func init() {
	debug.SetMemoryLimit(softMemory)
	debug.SetMaxStack(maxStack)
}

func main() {}

// Makes room for a request of so many bytes, and says where.
//
//go:wasmexport reserve
func reserve(size int32) unsafe.Pointer {
	asked = make([]byte, size)
	return unsafe.Pointer(unsafe.SliceData(asked))
}

// Answers the request; says how many bytes the answer has.
//
//go:wasmexport render
func render() int32 {
	answered, _ = json.Marshal(answerTo(asked))
	asked = nil
	return int32(len(answered))
}

// Where the answer begins.
//
//go:wasmexport answer
func where() unsafe.Pointer {
	return unsafe.Pointer(unsafe.SliceData(answered))
}

func answerTo(text []byte) (said answer) {
	// Functions of sprig that are given what they do not expect panic.
	defer func() {
		if problem := recover(); problem != nil {
			said = answer{Kind: "run", Reason: fmt.Sprint(problem)}
		}
	}()
	var wanted request
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&wanted); err != nil {
		return answer{Kind: "run", Reason: err.Error()}
	}
	for name, value := range wanted.Variables {
		wanted.Variables[name] = withNumbers(value)
	}
	// The second name of the same object, which is too large to be sent twice.
	if application, ok := wanted.Variables["application"]; ok {
		wanted.Variables["app"] = application
	}
	if wanted.If != nil {
		if shown, said := holds(*wanted.If, wanted.Variables); !shown {
			return said
		}
	}
	return fill(wanted)
}

func holds(condition string, variables map[string]any) (bool, answer) {
	program, err := expr.Compile(condition)
	if err != nil {
		return false, answer{Kind: "compile", Reason: "if: " + err.Error()}
	}
	result, err := expr.Run(program, variables)
	if err != nil {
		return false, answer{Kind: "run", Reason: "if: " + err.Error()}
	}
	switch shown := result.(type) {
	case bool:
		return shown, answer{Hidden: true}
	case nil:
		return false, answer{Kind: "run", Reason: "if: is nil, neither true nor false"}
	default:
		return false, answer{Kind: "run", Reason: fmt.Sprintf("if: is %T, neither true nor false", shown)}
	}
}

func fill(wanted request) answer {
	parsed, err := template.New("link").Funcs(functions).Parse(wanted.URL)
	if err != nil {
		return answer{Kind: "compile", Reason: "url: " + err.Error()}
	}
	url := &bounded{max: wanted.MaxURL}
	if err := parsed.Execute(url, wanted.Variables); err != nil {
		return answer{Kind: "run", Reason: "url: " + err.Error()}
	}
	return answer{URL: url.String()}
}

// Functions that ask the system for something are no functions here: there is none to ask.
func withoutSystem(all template.FuncMap) template.FuncMap {
	for _, name := range []string{"env", "expandenv", "getHostByName"} {
		delete(all, name)
	}
	return all
}

// Whole numbers as such: a template would write 1000000 as 1e+06.
func withNumbers(value any) any {
	switch value := value.(type) {
	case json.Number:
		if whole, err := value.Int64(); err == nil {
			return whole
		}
		number, _ := value.Float64()
		return number
	case map[string]any:
		for name, member := range value {
			value[name] = withNumbers(member)
		}
	case []any:
		for index, item := range value {
			value[index] = withNumbers(item)
		}
	}
	return value
}

// A text that does not grow without end.
type bounded struct {
	strings.Builder
	max int
}

func (text *bounded) Write(more []byte) (int, error) {
	if text.Len()+len(more) > text.max {
		return 0, fmt.Errorf("would be longer than %d bytes", text.max)
	}
	return text.Builder.Write(more)
}

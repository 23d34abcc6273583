package cli

import (
	"encoding"
	"encoding/json/jsontext"
	"net/netip"
	"reflect"
	"strings"
	"time"
)

// field is a member of an object as --json prints it.
type field struct {
	name  string // with dots for what lies inside another
	form  string // string, number, time, list of ...
	maybe bool   // missing when there is nothing to say
	owner reflect.Type
	index int // in owner
}

// fieldsOf lists what --json prints of a row, beside "type". It reads the same tags as the encoder.
func fieldsOf(r row) []field {
	return structFields(reflect.Indirect(reflect.ValueOf(r)), "", 0, false)
}

const deepest = 4 // objects within objects that are listed

// structFields walks a struct. What is embedded by a pointer that the sample leaves nil may be missing whole.
func structFields(v reflect.Value, prefix string, depth int, maybe bool) []field {
	t := v.Type()
	var out []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case f.Anonymous && name == "" || strings.Contains(options, "inline"):
			in, absent := v.Field(i), maybe
			if in.Kind() == reflect.Pointer {
				absent = absent || in.IsNil()
				in = reflect.New(f.Type.Elem()).Elem()
			}
			out = append(out, structFields(in, prefix, depth, absent)...)
		case f.IsExported():
			if name == "" {
				name = f.Name
			}
			one := field{name: prefix + name, form: formOf(f.Type), maybe: maybe || strings.Contains(options, "omit"), owner: t, index: i}
			out = append(out, one)
			if inner, list := inside(f.Type); inner != nil && depth < deepest {
				sub := one.name + "."
				if list {
					sub = one.name + "[]."
				}
				out = append(out, structFields(reflect.New(inner).Elem(), sub, depth+1, false)...)
			}
		}
	}
	return out
}

// bare takes pointers off.
func bare(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// inside returns the struct that a field holds, or a list of which it holds.
func inside(t reflect.Type) (inner reflect.Type, list bool) {
	t = bare(t)
	if t.Kind() == reflect.Slice && !isText(t) {
		t, list = bare(t.Elem()), true
	}
	if t.Kind() != reflect.Struct || isText(t) || t == reflect.TypeFor[time.Time]() {
		return nil, false
	}
	return t, list
}

func isText(t reflect.Type) bool {
	text := reflect.TypeFor[encoding.TextMarshaler]()
	return t.Implements(text) || reflect.PointerTo(t).Implements(text) || t == reflect.TypeFor[jsontext.Value]()
}

// formOf says in words how a value is written.
func formOf(t reflect.Type) string {
	t = bare(t)
	switch {
	case t == reflect.TypeFor[time.Time]():
		return "time"
	case t == reflect.TypeFor[jsontext.Value]():
		return "JSON"
	case t == reflect.TypeFor[netip.Addr]():
		return "address"
	case isText(t):
		return strings.ToLower(t.Name())
	}
	switch t.Kind() { //nolint:exhaustive // the rest no row has
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float64:
		return "number"
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return "base64"
		}
		return "list of " + formOf(t.Elem())
	case reflect.Map:
		return "object of " + formOf(t.Elem())
	case reflect.Struct:
		return "object"
	}
	return "string"
}

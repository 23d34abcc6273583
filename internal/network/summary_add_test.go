package network

import (
	"reflect"
	"testing"
)

// Every count of every capture is in the sum, also one that somebody adds later.
func TestSummaryAddsEveryCount(t *testing.T) {
	t.Parallel()
	var a, b Summary
	fill := func(v reflect.Value, n int64) {
		for i := range v.NumField() {
			if f := v.Field(i); f.Kind() == reflect.Int64 {
				f.SetInt(n)
			}
		}
	}
	fill(reflect.ValueOf(&a).Elem(), 3)
	fill(reflect.ValueOf(&a.Losses).Elem(), 3)
	fill(reflect.ValueOf(&b).Elem(), 4)
	fill(reflect.ValueOf(&b.Losses).Elem(), 4)
	b.Losses.Encapsulated = map[string]int64{"gre": 2}
	a.Add(b)
	a.Add(b)
	for _, v := range []reflect.Value{reflect.ValueOf(a), reflect.ValueOf(a.Losses)} {
		for i := range v.NumField() {
			if f := v.Field(i); f.Kind() == reflect.Int64 && f.Int() != 11 {
				t.Errorf("%s.%s is %d, want 11", v.Type(), v.Type().Field(i).Name, f.Int())
			}
		}
	}
	if n := a.Losses.Encapsulated["gre"]; n != 4 {
		t.Errorf("encapsulated gre is %d, want 4", n)
	}
}

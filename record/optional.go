package record

import "encoding/json"

// Optional is a value that may be absent. Absent is not zero: the line omits the field, and the table has NULL. A value is absent
// if the platform cannot give the reading. A rate is also absent if there is no earlier reading of its counter.
type Optional[T any] struct {
	value T
	set   bool
}

type (
	// Float is an optional double.
	Float = Optional[float64]
	// Int is an optional int.
	Int = Optional[int32]
	// Long is an optional bigint.
	Long = Optional[int64]
)

// Some returns a present value.
func Some[T any](v T) Optional[T] { return Optional[T]{value: v, set: true} }

// Get returns the value and whether it is present.
func (o Optional[T]) Get() (T, bool) { return o.value, o.set }

// Or returns the value, or fallback if the value is absent.
func (o Optional[T]) Or(fallback T) T {
	if o.set {
		return o.value
	}
	return fallback
}

// UnmarshalJSON reads a value. Null counts as absent.
func (o *Optional[T]) UnmarshalJSON(text []byte) error {
	o.set = string(text) != "null"
	return json.Unmarshal(text, &o.value)
}

package record

// Optional is a value that may be absent. Absent is not zero: a platform that cannot give a reading, or a difference
// whose first counter is not known yet, leaves the field out of the line and NULL in the table.
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

// Or returns the value, or otherwise where it is absent.
func (o Optional[T]) Or(otherwise T) T {
	if o.set {
		return o.value
	}
	return otherwise
}

package lake

// OnStep makes a roller call f after each step that changes the lake's directory.
func (r *Roller) OnStep(f func(step string)) { r.step = f }

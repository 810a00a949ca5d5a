package jsonscan

import (
	"bytes"
	"fmt"
)

// Reader reads documents one after another. It finds the column of each key, and refuses a document in which an object has a key
// twice. Two keys are the same if they are equal in lower case, because Firehose compares keys in this way.
//
// A reader remembers which key followed which. Documents of one producer have the same keys in the same order, so that it mostly
// finds a key by one comparison. It is not safe for concurrent use.
type Reader struct {
	columns  keys
	nested   keys
	members  []Member
	children []Member // of the objects and arrays that are being checked, outermost first
}

// NewReader returns a reader of documents with the given columns. Their names must be in lower case.
func NewReader(columns ...string) *Reader {
	return &Reader{columns: newKeys(columns), nested: newKeys(nil)}
}

// RepeatedKeyError means that an object has a key twice.
type RepeatedKeyError struct{ Key string } // in lower case

func (e *RepeatedKeyError) Error() string {
	return fmt.Sprintf("key %q is given twice; keys that differ only in case count as one", e.Key)
}

// Read reads the document at the beginning of data as [Members] does, and sets the Column of each member. It fails with a
// [*RepeatedKeyError] if an object at any depth has a key twice. The members are valid until the next Read. They hold slices of
// data.
func (r *Reader) Read(data []byte) (members []Member, n int, err error) {
	members, n, err = Members(r.members[:0], data)
	r.members = members
	if err != nil {
		return nil, n, err
	}
	r.columns.begin()
	for i := range members {
		m := &members[i]
		column, again := r.columns.find(m.Key)
		if again {
			return nil, n, repeated(m.Key)
		}
		if column < len(r.columns.names) {
			m.Column = int32(column)
		}
		if m.Kind == Object || m.Kind == Array {
			if err := r.checkKeys(m.Value); err != nil {
				return nil, n, err
			}
		}
	}
	return members, n, nil
}

// checkKeys looks for repeated keys in an object or array, and in all objects within it. The syntax of data was checked before.
func (r *Reader) checkKeys(data []byte) error {
	first := len(r.children)
	if _, err := scanItems(&r.children, data, 0, 0); err != nil {
		return err
	}
	end := len(r.children)
	defer func() { r.children = r.children[:first] }()
	r.nested.begin() // one object at a time: this loop ends before the next one descends
	for _, m := range r.children[first:end] {
		if m.Key == nil {
			continue // an array's element
		}
		if _, again := r.nested.find(m.Key); again {
			return repeated(m.Key)
		}
	}
	for i := first; i < end; i++ {
		if m := r.children[i]; m.Kind == Object || m.Kind == Array {
			if err := r.checkKeys(m.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

func repeated(key []byte) error {
	return &RepeatedKeyError{string(Lower(AppendUnescaped(nil, key)))}
}

// maxSpellings bounds how many spellings are remembered from one document to the next.
const maxSpellings = 1000

// keys gives each key of an object a number. Keys that are equal in lower case have the same number.
type keys struct {
	names     []string
	numbers   map[string]int // by key in lower case; the names have the first numbers
	spellings []spelling     // the first one stands for the start of an object
	index     map[string]int // the place of each spelling in spellings
	last      int            // the place of the spelling that was found last
	object    int            // how many objects began
	seen      []int          // by number: the last object that had this key
	name      []byte         // memory for learn
}

// spelling is one way to write a key: its escapes and capitals are kept.
type spelling struct {
	key    string
	number int
	next   int // the place of the spelling that followed it last
}

func newKeys(names []string) keys {
	k := keys{names: names}
	k.forget()
	return k
}

func (k *keys) forget() {
	k.numbers, k.index = map[string]int{}, map[string]int{}
	k.spellings = append(make([]spelling, 0, 64), spelling{key: `"`}) // equals no key: a key never holds a bare quote
	k.seen = make([]int, len(k.names))
	for i, name := range k.names {
		k.numbers[name] = i
	}
}

// begin begins an object. It forgets all spellings if they are too many.
func (k *keys) begin() {
	if len(k.spellings) > maxSpellings {
		k.forget()
	}
	k.last = 0
	k.object++
}

// find returns the number of a key, and whether the object already had that key.
func (k *keys) find(key []byte) (number int, again bool) {
	at := k.spellings[k.last].next
	if k.spellings[at].key != string(key) {
		at = k.learn(key)
		k.spellings[k.last].next = at
	}
	k.last = at
	number = k.spellings[at].number
	again = k.seen[number] == k.object
	k.seen[number] = k.object
	return number, again
}

// learn returns the place of a key in the spellings. It adds the key if it is new.
func (k *keys) learn(key []byte) int {
	at, known := k.index[string(key)]
	if known {
		return at
	}
	k.name = AppendUnescaped(k.name[:0], key)
	name := Lower(k.name)
	number, known := k.numbers[string(name)]
	if !known {
		number = len(k.seen)
		k.numbers[string(name)] = number
		k.seen = append(k.seen, 0)
	}
	at = len(k.spellings)
	k.spellings = append(k.spellings, spelling{key: string(key), number: number})
	k.index[string(key)] = at
	return at
}

// Lower returns text in lower case as Java's String.toLowerCase does, because Firehose's converter is written in Java. Only a Greek
// sigma at the end of a word differs. ASCII text is changed in place.
func Lower(text []byte) []byte {
	for i, c := range text {
		if c >= 0x80 {
			// This is the one letter whose lower case is two characters (Unicode, SpecialCasing.txt). In Go it is one.
			return bytes.ToLower(bytes.ReplaceAll(text, []byte("\u0130"), []byte("i\u0307")))
		}
		if c >= 'A' && c <= 'Z' {
			text[i] = c + 'a' - 'A'
		}
	}
	return text
}

package plainjson

// A scanner finds the ends of values.
type scanner struct {
	data []byte
	at   int
}

// next returns the value at this place of well-formed JSON.
func (s *scanner) next() Value {
	start := s.at
	kind, _ := s.value(0)
	return Value{kind, s.data[start:s.at]}
}

func (s *scanner) space() {
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

// peek returns the byte at this place. At the end it returns 0, which cannot be in JSON.
func (s *scanner) peek() byte {
	if s.at < len(s.data) {
		return s.data[s.at]
	}
	return 0
}

// wrong returns the error for the byte at this place, or for the end of the data.
func (s *scanner) wrong() error {
	if s.at >= len(s.data) {
		return ErrCutOff
	}
	return &SyntaxError{Offset: s.at + 1}
}

// value moves to the end of the value at this place. depth is how many arrays and objects it is in.
func (s *scanner) value(depth int) (Kind, error) {
	switch c := s.peek(); c {
	case '{':
		return Object, s.members(depth + 1)
	case '[':
		return Array, s.elements(depth + 1)
	case '"':
		return String, s.text()
	case 't':
		return Bool, s.word("true")
	case 'f':
		return Bool, s.word("false")
	case 'n':
		return Null, s.word("null")
	default:
		if c == '-' || isDigit(c) {
			return Number, s.number()
		}
		return "", s.wrong()
	}
}

func (s *scanner) members(depth int) error {
	if depth > maxDepth {
		return s.wrong()
	}
	s.at++ // the brace
	s.space()
	if s.peek() == '}' {
		s.at++
		return nil
	}
	for {
		if s.peek() != '"' {
			return s.wrong()
		}
		if err := s.text(); err != nil {
			return err
		}
		s.space()
		if s.peek() != ':' {
			return s.wrong()
		}
		s.at++
		s.space()
		if _, err := s.value(depth); err != nil {
			return err
		}
		if done, err := s.endOrComma('}'); done || err != nil {
			return err
		}
	}
}

func (s *scanner) elements(depth int) error {
	if depth > maxDepth {
		return s.wrong()
	}
	s.at++ // the bracket
	s.space()
	if s.peek() == ']' {
		s.at++
		return nil
	}
	for {
		if _, err := s.value(depth); err != nil {
			return err
		}
		if done, err := s.endOrComma(']'); done || err != nil {
			return err
		}
	}
}

// endOrComma moves behind what follows a member or an element, and reports whether that ends
// the object or array.
func (s *scanner) endOrComma(end byte) (done bool, err error) {
	s.space()
	switch s.peek() {
	case end:
		s.at++
		return true, nil
	case ',':
		s.at++
		s.space()
		return false, nil
	}
	return false, s.wrong()
}

func (s *scanner) text() error {
	for s.at++; s.at < len(s.data); s.at++ {
		switch c := s.data[s.at]; {
		case c == '"':
			s.at++
			return nil
		case c < ' ':
			return s.wrong()
		case c == '\\':
			if err := s.escape(); err != nil {
				return err
			}
		}
	}
	return ErrCutOff
}

// escape moves to the last byte of an escape sequence.
func (s *scanner) escape() error {
	s.at++
	switch s.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return nil
	case 'u':
		for range 4 {
			s.at++
			if _, ok := hexDigit(s.peek()); !ok {
				return s.wrong()
			}
		}
		return nil
	}
	return s.wrong()
}

func (s *scanner) word(word string) error {
	for i := range len(word) {
		if s.peek() != word[i] {
			return s.wrong()
		}
		s.at++
	}
	return nil
}

func (s *scanner) number() error {
	if s.peek() == '-' {
		s.at++
	}
	if s.peek() == '0' {
		s.at++ // no digit follows a leading zero
	} else if err := s.digits(); err != nil {
		return err
	}
	if s.peek() == '.' {
		s.at++
		if err := s.digits(); err != nil {
			return err
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.at++
		if c := s.peek(); c == '+' || c == '-' {
			s.at++
		}
		return s.digits()
	}
	return nil
}

// digits moves behind one digit or more.
func (s *scanner) digits() error {
	if !isDigit(s.peek()) {
		return s.wrong()
	}
	for isDigit(s.peek()) {
		s.at++
	}
	return nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

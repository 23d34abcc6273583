package lab

// stage plays the conversations of a plan, some at a time. It is owned by one goroutine, which alone decides
// whose packet comes next; clients and servers only ever wait for it.
type stage struct {
	plan   Plan
	next   func() (Conversation, bool)
	ward   *ward
	mirror *mirror
	on     []*talk
	record Record
}

const burst = 4 // segments of one connection that may pass in a row

func (s *stage) play() error {
	dice := newDice(s.plan.Seed, "stage")
	err := s.fill()
	for err == nil && len(s.on) > 0 {
		lane := dice.IntN(len(s.on))
		for range 1 + dice.IntN(burst) {
			var done bool
			if done, err = s.on[lane].next(s.mirror); err != nil {
				break
			}
			if done {
				err = s.end(lane)
				break
			}
		}
	}
	for _, t := range s.on {
		t.wire.fail(err)
	}
	return err
}

// end takes a connection that is over off the stage and lets the next one on.
func (s *stage) end(lane int) error {
	t := s.on[lane]
	s.on = append(s.on[:lane], s.on[lane+1:]...)
	s.record.Connections++
	err := t.truth(
		func(one Session) error { s.record.Sessions = append(s.record.Sessions, one); return nil },
		func(one Truth) error { s.record.Objects = append(s.record.Objects, one); return nil },
	)
	if err != nil {
		return err
	}
	return s.fill()
}

func (s *stage) fill() error {
	for len(s.on) < s.plan.Lanes {
		c, more := s.next()
		if !more {
			return nil
		}
		t, err := newTalk(c, &s.plan.Distortion, newDice(s.plan.Seed, "talk "+c.Device.String()))
		if err != nil {
			return err
		}
		s.on = append(s.on, t)
		s.ward.begin(t)
	}
	return nil
}

package desk

import "lidwoord/base/sqldb"

// Lending is the Online Bibliotheek as a clerk may know it: its rules. No method tells
// of a reader or of a title.
type Lending interface {
	// Rules are what rights lend today, in the words of the sign-on claim; false when
	// they lend nothing.
	Rules(tx *sqldb.Tx, rights []string) (LendingRules, bool, error)
}

// LendingRules are what somebody may borrow at the Online Bibliotheek.
type LendingRules struct {
	EBooks, Audiobooks int // at the same time
	Days               int
	Extensions         int // of one loan
	ExtendDays         int
	ExtendFrom         int // in so many last days
	Youth              bool
}

// ebooks are the rules for who stands at the desk, nil for who borrows none.
func (s *Site) ebooks(tx *sqldb.Tx, rights []string) (*LendingRules, error) {
	if s.Lending == nil || len(rights) == 0 {
		return nil, nil
	}
	rules, lends, err := s.Lending.Rules(tx, rights)
	if err != nil || !lends {
		return nil, err
	}
	return &rules, nil
}

package mine

import (
	"net/http"
	"time"

	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/library/registration"
)

// receiptPage is the receipt of a contract, to read and to print.
type receiptPage struct{ registration.Bill }

// Day is the day on which the contract was made.
func (p receiptPage) Day() day.Day { return day.Of(p.At) }

// On is the day of an instant.
func (receiptPage) On(t time.Time) day.Day { return day.Of(t) }

func (s *Site) receipt(w http.ResponseWriter, r *http.Request, v visitor) error {
	var bill registration.Bill
	id := r.PathValue("registration")
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		if _, _, err := v.contract(tx, id); err != nil {
			return err
		}
		var err error
		bill, err = registration.BillOf(tx, id)
		return err
	})
	if err != nil {
		return err
	}
	return s.Show(w, r, http.StatusOK, "receipt", receiptPage{bill})
}

package desk

import (
	"net/http"
	"strconv"
	"strings"

	"lidwoord/base/sqldb"
	"lidwoord/library/enrol"
	"lidwoord/web/kit"
)

// resultPage is what Opslaan led to. It reads the same after every refresh.
type resultPage struct {
	*kit.Form
	enrol.Result
	Draft string
	Quick bool // the next customer goes on one screen too
	Pay   payForm
}

func (s *Site) showResult(w http.ResponseWriter, r *http.Request, c counter) error {
	return s.resultPage(w, r, c, http.StatusOK, s.keptForm(r, c, "desk.pay_button"))
}

func (s *Site) resultPage(w http.ResponseWriter, r *http.Request, c counter, status int, form *kit.Form) error {
	page := resultPage{Form: form, Draft: r.PathValue("draft"), Quick: r.URL.Query().Has("snel")}
	err := s.DB.Read(r.Context(), func(tx *sqldb.Tx) (err error) {
		if page.Result, err = enrol.ResultOf(tx, c.clerk(), page.Draft); err != nil {
			return err
		}
		if page.Pay, err = payFormOf(tx, r, c, page.CustomerID, payCommand(page.Draft)); err != nil {
			return err
		}
		page.Pay.Earlier = page.Pay.Open - page.BuildUp.Balance
		for _, p := range page.Pay.Paid {
			page.Pay.Earlier += p.Cents
		}
		return nil
	})
	if err != nil {
		return err
	}
	page.Pay.Action = "/klant/nieuw/" + page.Draft + "/betalen" + map[bool]string{true: "?snel=1"}[page.Quick]
	return s.Show(w, r, status, "result", page)
}

// payCommand begins the commands of the payments of one enrolment; a number
// behind it makes each of them happen once.
func payCommand(draft string) string { return "desk:" + draft + ":pay" }

// payCommandOf reads the command that the page was sent with.
func payCommandOf(form *kit.Form, draft string) string {
	n, err := strconv.Atoi(strings.TrimPrefix(form.Get("opdracht"), payCommand(draft)+":"))
	if err != nil || n < 0 {
		n = 0
	}
	return payCommand(draft) + ":" + strconv.Itoa(n)
}

func (s *Site) payResult(w http.ResponseWriter, r *http.Request, c counter) error {
	form, err := kit.ReadForm(r)
	if err != nil {
		return err
	}
	draft := r.PathValue("draft")
	var paid takings
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		result, err := enrol.ResultOf(tx, c.clerk(), draft)
		if err != nil {
			return err
		}
		paid, err = collect(tx, c, result.CustomerID, payCommandOf(form, draft), form)
		return err
	})
	if err != nil {
		if form.Take(err) {
			return s.resultPage(w, r, c, kit.Status(err), form)
		}
		return err
	}
	query := paid.query()
	if r.URL.Query().Has("snel") {
		query += "&snel=1"
	}
	return s.Redirect(w, r, "/klant/nieuw/%s/klaar?%s", draft, query)
}

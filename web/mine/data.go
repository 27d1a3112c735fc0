package mine

import (
	"context"
	"net/http"
	"strings"

	"lidwoord/base/fault"
	"lidwoord/base/sqldb"
	"lidwoord/library/branch"
	"lidwoord/library/customer"
	"lidwoord/library/enrol"
	"lidwoord/web/kit"
)

// addressPage asks for another address.
type addressPage struct {
	*kit.Form
	Customer  customer.Customer
	Library   branch.Organisation
	Countries []string
	ByHand    bool   // street and place are asked for
	Why       string // why they are: a message key, "" for no reason to give
}

// fieldByHand says that the page asked for street and place, so that what stands
// there is meant.
const fieldByHand = "zelf"

func (s *Site) address(w http.ResponseWriter, r *http.Request, v visitor) error {
	page := addressPage{Form: kit.NewForm(), Countries: customer.Countries}
	var err error
	if page.Customer, page.Library, err = s.own(r.Context(), v, r.PathValue("customer")); err != nil {
		return err
	}
	now := enrol.Again(page.Customer)
	for _, name := range []string{enrol.FieldCountry, enrol.FieldPostcode, enrol.FieldHouseNumber, enrol.FieldAddition, enrol.FieldStreet, enrol.FieldPlace} {
		page.Set(name, now.Get(name))
	}
	page.ByHand = !page.Customer.Address.Checked || now.Country != "NL"
	return s.Show(w, r, http.StatusOK, "address", page)
}

func (s *Site) changeAddress(w http.ResponseWriter, r *http.Request, v visitor) error {
	page := addressPage{Countries: customer.Countries}
	var err error
	if page.Form, err = kit.ReadForm(r); err != nil {
		return err
	}
	if page.Customer, page.Library, err = s.own(r.Context(), v, r.PathValue("customer")); err != nil {
		return err
	}
	app := enrol.Blank("")
	app.Fill(enrol.StepPerson, page.Values)
	to, err := app.Address()
	var why error
	if err == nil {
		to, why = s.settle(r.Context(), page.Customer.Address, to, page.Is(fieldByHand, enrol.Yes))
		err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
			if _, err := v.customer(tx, page.Customer.ID); err != nil {
				return err
			}
			_, err := customer.ChangeAddress(tx, page.Customer.ID, to, v.by())
			return err
		})
	}
	if err == nil {
		s.SetFlash(w, "mine.address_changed")
		return s.Redirect(w, r, "/")
	}
	if !page.Take(pageFields(err)) {
		return err
	}
	page.ByHand = why != nil || to.Country != "NL" || page.Get(enrol.FieldStreet) != ""
	if why != nil {
		page.Set(enrol.FieldStreet, to.Street)
		page.Set(enrol.FieldPlace, to.Place)
		page.Why = "mine.abroad_by_hand"
		if to.Country == "NL" {
			page.Why = fault.Of(why)[0].Key
		}
	}
	return s.Show(w, r, http.StatusUnprocessableEntity, "address", page)
}

// settle fills in street and place of an address, outside any transaction: the
// address book may take two seconds. What somebody typed by hand stays, checked
// when the book says the same. Its error is the reason why they are to be typed.
func (s *Site) settle(ctx context.Context, was, to customer.Address, meant bool) (customer.Address, error) {
	same := to.Country == was.Country && to.Postcode == was.Postcode && to.Number == was.Number && to.Addition == was.Addition
	// The street of the old address may still stand in a field of the new one.
	typed := to.Street != "" && to.Place != "" && (meant || to.Country != "NL" || to.Street != was.Street || to.Place != was.Place)
	found, err := customer.LookUp(ctx, s.Book, to)
	switch {
	case err == nil && (!typed || strings.EqualFold(to.Street, found.Street) && strings.EqualFold(to.Place, found.Place)):
		return found, nil
	case typed:
		return to, nil
	case same && !meant:
		return was, nil
	}
	if to.Country == "NL" && !meant {
		to.Street, to.Place = "", ""
	}
	return to, err
}

// pageFields gives the faults of an address the names of the page's fields.
func pageFields(err error) error {
	if fault.KindOf(err) == fault.Internal {
		return err
	}
	names := map[string]string{customer.FieldCountry: enrol.FieldCountry, customer.FieldPostcode: enrol.FieldPostcode,
		customer.FieldHouseNumber: enrol.FieldHouseNumber, customer.FieldStreet: enrol.FieldStreet, customer.FieldPlace: enrol.FieldPlace}
	var list fault.List
	for _, e := range fault.Of(err) {
		if name, ok := names[e.Field]; ok {
			e = e.At(name)
		}
		list = append(list, e)
	}
	return list
}

// emailPage asks where the library may write to.
type emailPage struct {
	*kit.Form
	Customer customer.Customer
	Library  branch.Organisation
	Account  string // address of the login account, which is another thing
	Slip     string // the address that was probably meant
}

// errEmail: who became a member on the web gets everything by mail.
var errEmail = fault.New(fault.Invalid, "mine.email_needed")

func (s *Site) email(w http.ResponseWriter, r *http.Request, v visitor) error {
	page := emailPage{Form: kit.NewForm(), Account: v.Email}
	var err error
	if page.Customer, page.Library, err = s.own(r.Context(), v, r.PathValue("customer")); err != nil {
		return err
	}
	page.Set(enrol.FieldEmail, page.Customer.Email)
	return s.Show(w, r, http.StatusOK, "email", page)
}

func (s *Site) changeEmail(w http.ResponseWriter, r *http.Request, v visitor) error {
	page := emailPage{Account: v.Email}
	var err error
	if page.Form, err = kit.ReadForm(r); err != nil {
		return err
	}
	if page.Customer, page.Library, err = s.own(r.Context(), v, r.PathValue("customer")); err != nil {
		return err
	}
	// A slip is asked about once; who presses the button again means it.
	address := page.Get(enrol.FieldEmail)
	if page.Slip = customer.EmailSlip(address); page.Slip != "" && !page.Is("bedoeld", address) {
		return s.Show(w, r, http.StatusUnprocessableEntity, "email", page)
	}
	err = s.DB.InTx(r.Context(), func(tx *sqldb.Tx) error {
		if _, err := v.customer(tx, page.Customer.ID); err != nil {
			return err
		}
		if address == "" {
			return errEmail.At(enrol.FieldEmail)
		}
		return s.Registrations.ChangeEmail(tx, page.Library, page.Customer.ID, address, v.by())
	})
	switch {
	case err == nil:
		s.SetFlash(w, "mine.email_changed")
		return s.Redirect(w, r, "/")
	case !page.Take(err):
		return err
	}
	return s.Show(w, r, http.StatusUnprocessableEntity, "email", page)
}

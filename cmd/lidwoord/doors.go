package main

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"lidwoord/adapter/demobook"
	"lidwoord/adapter/pdok"
	"lidwoord/library/customer"
	"lidwoord/reading/index"
	"lidwoord/reading/loan"
	"lidwoord/web/desk"
	"lidwoord/web/kit"
	"lidwoord/web/login"
	"lidwoord/web/mailbox"
	"lidwoord/web/manage"
	"lidwoord/web/mine"
	"lidwoord/web/news"
	"lidwoord/web/oidc"
	"lidwoord/web/reading"
	"lidwoord/web/signup"
	"lidwoord/web/start"
	webtestbank "lidwoord/web/testbank"
)

// openDoors makes each door, wires what it needs by field name, and hangs it at
// its address.
func (h *house) openDoors(ctx context.Context, common *kit.House) error {
	mux := http.NewServeMux()
	var err error
	open := func(at *url.URL, door http.Handler) { h.route(mux, at, door) }

	if h.start, err = start.New(common); err != nil {
		return err
	}
	h.start.Ready = func(r *http.Request) error { return reach(r.Context(), h.db) }
	h.start.Controller, h.start.Figures = h.controller, keptFor()
	open(h.doors.Start, h.start.Handler(h.start))

	if h.book, err = h.addressBook(); err != nil {
		return err
	}
	desk, err := desk.New(common, h.office, h.book, h.config.Library)
	if err != nil {
		return err
	}
	desk.Registrations, desk.Lending = h.desk, deskLending{}
	open(h.doors.Desk, desk.Handler(desk))

	oidc, err := oidc.New(common, h.provider)
	if err != nil {
		return err
	}
	open(h.doors.OIDC, oidc.Handler())

	if h.login, err = login.New(common, h.accounts, h.provider); err != nil {
		return err
	}
	open(h.doors.Login, h.login.Handler(h.login))

	h.titles = index.New(h.db, index.Settings{Popular: loan.Popular, Log: h.log}) // one in memory for both doors that show them
	h.loans = loan.NewMemory(h.db)
	h.reading, err = reading.New(common, reading.Settings{ClientID: readingClient, ClientSecret: string(h.clientSecret(readingClient)), Stacks: h.stacks,
		Index: h.titles, Loans: h.loans, Catalogue: h.doors.OPDS.String(), Desk: h.whereToAsk})
	if err != nil {
		return err
	}
	open(h.doors.Reading, h.reading.Handler(h.reading))

	mine, err := mine.New(common, mine.Settings{Party: h.party(mineClient), Registrations: h.desk, Book: h.book, Organisation: h.config.Library})
	if err != nil {
		return err
	}
	open(h.doors.Mine, mine.Handler(mine))

	signup, err := signup.New(common, signup.Settings{Party: h.party(signupClient), Office: h.desk, Cashier: h.cashier, Book: h.book})
	if err != nil {
		return err
	}
	open(h.doors.Signup, signup.Handler(signup))

	news, err := news.New(common, h.config.Library, h.news)
	if err != nil {
		return err
	}
	open(h.doors.News, news.Handler(news))

	manage, err := manage.New(common, h.config.Library)
	if err != nil {
		return err
	}
	manage.News, manage.Issuer = h.news, h.provider.Issuer
	manage.Websites, manage.Systems, manage.Readers = websites{h.provider}, systems{}, readers{h.provider, h.accounts}
	manage.Lending, manage.Titles = lending{}, collection{}
	open(h.doors.Manage, manage.Handler(manage))

	open(h.doors.SCIM, h.scim(common))

	open(h.doors.OPDS, h.opds(common, h.titles))

	if h.config.demo {
		mail, err := mailbox.New(common)
		if err != nil {
			return err
		}
		door := mail.Handler(mail)
		open(h.doors.Mailbox, door)
		mux.Handle(h.doors.Mailbox.Path+".json", door)
	}
	if h.bank != nil {
		bank, err := webtestbank.New(common, bankPages{h.bank})
		if err != nil {
			return err
		}
		open(h.doors.Bank, bank.Handler(bank))
	}
	h.handler, err = behindProxies(h.config.Proxies, mux)
	return err
}

// route sends a request to the door at its host and path. Doors on one host are
// told apart by path; a host of its own makes a pattern of its own.
func (h *house) route(mux *http.ServeMux, at *url.URL, door http.Handler) {
	host := ""
	if at.Host != h.doors.Start.Host {
		host = at.Hostname()
	}
	path := strings.TrimSuffix(at.Path, "/")
	if path != "" {
		mux.Handle(host+path, door)
	}
	mux.Handle(host+path+"/", door)
}

// addressBook is where streets are looked up; nil looks nothing up.
func (h *house) addressBook() (customer.AddressBook, error) {
	if h.config.demo {
		return demobook.New()
	}
	if h.config.Streets.Service == "pdok" {
		return pdok.New(h.config.Streets.URL)
	}
	return nil, nil
}

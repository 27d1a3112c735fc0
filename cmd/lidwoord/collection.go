package main

import (
	"lidwoord/base/day"
	"lidwoord/base/sqldb"
	"lidwoord/reading/catalogue"
	"lidwoord/reading/loan"
	"lidwoord/web/manage"
)

// collection fills the titles of Beheer from the catalogue of the Online Bibliotheek.
type collection struct{}

var _ manage.Titles = collection{}

// How many titles Beheer lists at most: of what was withdrawn, and of what is wanted.
const (
	awayMost   = 200
	wantedMost = 50
)

func managed(t catalogue.Title) manage.Title {
	return manage.Title{ID: t.ID, Name: t.Name, Author: t.Author(), Publisher: t.Publisher, ISBN: t.ISBN, Kind: string(t.Kind),
		Youth: t.Youth, Withdrawn: t.Withdrawn, Added: day.Of(t.AddedAt)}
}

func (collection) Search(tx *sqldb.Tx, text string, most int) ([]manage.Title, int, error) {
	return found(tx, catalogue.Query{Text: text, Limit: most})
}

func (collection) Away(tx *sqldb.Tx) ([]manage.Title, error) {
	list, _, err := found(tx, catalogue.Query{Away: true, Limit: awayMost})
	return list, err
}

func found(tx *sqldb.Tx, q catalogue.Query) (list []manage.Title, total int, err error) {
	titles, total, err := catalogue.Search(tx, q)
	for _, t := range titles {
		list = append(list, managed(t))
	}
	return list, total, err
}

func (collection) Wanted(tx *sqldb.Tx) (list []manage.Title, err error) {
	ids, err := loan.Wanted(tx, wantedMost)
	if err != nil {
		return nil, err
	}
	titles, err := catalogue.FindAll(tx, ids)
	for _, id := range ids {
		list = append(list, managed(titles[id]))
	}
	return list, err
}

func (collection) Find(tx *sqldb.Tx, id string) (manage.Title, error) {
	t, err := catalogue.Find(tx, id)
	return managed(t), err
}

func (collection) Acts(tx *sqldb.Tx, id string) (list []manage.TitleAct, err error) {
	acts, err := catalogue.Acts(tx, id)
	for _, a := range acts {
		list = append(list, manage.TitleAct{At: a.At, Actor: a.Actor, Away: a.Act == catalogue.ActWithdraw, Reason: a.Detail})
	}
	return list, err
}

func (collection) Withdraw(tx *sqldb.Tx, actor, id, reason string) error {
	return catalogue.Withdraw(tx, actor, id, reason)
}

func (collection) PutBack(tx *sqldb.Tx, actor, id string) error {
	return catalogue.PutBack(tx, actor, id)
}

package catalogue

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"lidwoord/base/secret"
	"lidwoord/base/sqldb"
)

// details is the part of a title that is only shown and never searched.
type details struct {
	ISBN         string        `json:"isbn,omitempty"`
	Subtitle     string        `json:"subtitle,omitempty"`
	Series       string        `json:"series,omitempty"`
	SeriesAt     string        `json:"series_at,omitempty"`
	Contributors []Contributor `json:"contributors,omitempty"`
	Publisher    string        `json:"publisher,omitempty"`
	Published    string        `json:"published,omitempty"`
	Description  string        `json:"description,omitempty"`
	Subjects     []string      `json:"subjects,omitempty"`
	Rights       string        `json:"rights,omitempty"`
	Access       Access        `json:"access"`
	Ages         Ages          `json:"ages,omitzero"`
	Length       Length        `json:"length,omitzero"`
	Covers       []int         `json:"covers,omitempty"`
}

func putTitle(tx *sqldb.Tx, t *Title) error {
	more, err := json.Marshal(details{t.ISBN, t.Subtitle, t.Series, t.SeriesAt, t.Contributors, t.Publisher, t.Published, t.Description, t.Subjects, t.Rights, t.Access, t.Ages, t.Length, t.Covers})
	if err != nil {
		return err
	}
	if t.Version, err = nextVersion(tx); err != nil {
		return err
	}
	_, err = tx.One(`
		INSERT INTO title (id, digest, kind, identifier, name, language, youth, duration, size, cover, details, sort_name, search_text, added_at, version, folder, withdrawn)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, FALSE)
		ON CONFLICT (digest) DO UPDATE SET
			identifier = excluded.identifier, name = excluded.name, language = excluded.language, youth = excluded.youth,
			duration = excluded.duration, size = excluded.size, cover = excluded.cover, details = excluded.details,
			sort_name = excluded.sort_name, search_text = excluded.search_text, version = excluded.version, folder = excluded.folder
		RETURNING id, added_at, withdrawn`,
		[]any{t.ID, t.Digest, string(t.Kind), t.Identifier, t.Name, t.Language, t.Youth, int64(t.Duration / time.Microsecond),
			t.Size, t.Cover, string(more), sortName(t.Name), searchText(t), t.AddedAt, t.Version, t.Folder},
		&t.ID, sqldb.Instant(&t.AddedAt), &t.Withdrawn)
	return err
}

// nextVersion turns the catalogue's version on. Who keeps a copy of the catalogue
// asks for what changed since the version that it has.
func nextVersion(tx *sqldb.Tx) (n int64, err error) {
	_, err = tx.One(`UPDATE catalogue_version SET n = n + 1, changed_at = $1 RETURNING n`, []any{tx.Now}, &n)
	return n, err
}

func changedAt(tx *sqldb.Tx) (at time.Time, err error) {
	_, err = tx.One(`SELECT changed_at FROM catalogue_version`, nil, sqldb.Instant(&at))
	return at, err
}

func versionOf(tx *sqldb.Tx) (n int64, err error) {
	_, err = tx.One(`SELECT n FROM catalogue_version`, nil, &n)
	return n, err
}

func titlesSince(tx *sqldb.Tx, version int64) ([]Title, error) {
	return sqldb.Many(tx, `SELECT `+titleColumns+` FROM title WHERE version > $1 ORDER BY version, id`, []any{version}, justTitle)
}

func titlesByID(tx *sqldb.Tx, ids []string) ([]Title, error) {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	return sqldb.Many(tx, `SELECT `+titleColumns+` FROM title WHERE id IN `+sqldb.In(1, len(ids)), args, justTitle)
}

// folders are those that the titles name.
func folders(tx *sqldb.Tx) ([]string, error) {
	return sqldb.Many(tx, `SELECT folder FROM title`, nil, func(row sqldb.Row) (folder string, err error) {
		return folder, row.Scan(&folder)
	})
}

func setWithdrawn(tx *sqldb.Tx, id string, withdrawn bool) (int64, error) {
	version, err := nextVersion(tx)
	if err != nil {
		return 0, err
	}
	return tx.Exec(`UPDATE title SET withdrawn = $2, version = $3 WHERE id = $1 AND withdrawn <> $2`, id, withdrawn, version)
}

func putManifest(tx *sqldb.Tx, id, text string) error {
	_, err := tx.Exec(`
		INSERT INTO title_manifest (title_id, manifest)
		VALUES ($1, $2)
		ON CONFLICT (title_id) DO UPDATE SET manifest = excluded.manifest`,
		id, text)
	return err
}

func manifestOf(tx *sqldb.Tx, id string) (text string, found bool, err error) {
	found, err = tx.One(`SELECT manifest FROM title_manifest WHERE title_id = $1`, []any{id}, &text)
	return text, found, err
}

// titleWithManifest reads both in one statement: between two a title may come in anew.
func titleWithManifest(tx *sqldb.Tx, id string) (t Title, text string, found bool, err error) {
	list, err := sqldb.Many(tx, `SELECT `+titleColumns+`, manifest FROM title JOIN title_manifest ON title_id = id WHERE id = $1`, []any{id},
		func(row sqldb.Row) (Title, error) { return scanTitle(row, &text) })
	if err != nil || len(list) == 0 {
		return t, "", false, err
	}
	return list[0], text, true, nil
}

const titleColumns = `id, digest, kind, identifier, name, language, youth, duration, size, cover, details, added_at, version, withdrawn, folder`

func scanTitle(row sqldb.Row, more ...any) (Title, error) {
	var t Title
	var micros int64
	var text string
	err := row.Scan(append([]any{&t.ID, &t.Digest, &t.Kind, &t.Identifier, &t.Name, &t.Language, &t.Youth, &micros, &t.Size, &t.Cover, &text,
		sqldb.Instant(&t.AddedAt), &t.Version, &t.Withdrawn, &t.Folder}, more...)...)
	if err != nil {
		return t, err
	}
	t.Duration = time.Duration(micros) * time.Microsecond
	var d details
	err = json.Unmarshal([]byte(text), &d)
	t.ISBN, t.Subtitle, t.Series, t.SeriesAt, t.Ages, t.Length, t.Covers = d.ISBN, d.Subtitle, d.Series, d.SeriesAt, d.Ages, d.Length, d.Covers
	t.Contributors, t.Publisher, t.Published = d.Contributors, d.Publisher, d.Published
	t.Description, t.Subjects, t.Rights, t.Access = d.Description, d.Subjects, d.Rights, d.Access
	t.straighten() // what came in before we did so at the door
	return t, err
}

func justTitle(row sqldb.Row) (Title, error) { return scanTitle(row) }

func titleByID(tx *sqldb.Tx, id string) (Title, bool, error) {
	return oneTitle(tx, `SELECT `+titleColumns+` FROM title WHERE id = $1`, id)
}

func titleByDigest(tx *sqldb.Tx, digest string) (Title, bool, error) {
	return oneTitle(tx, `SELECT `+titleColumns+` FROM title WHERE digest = $1`, digest)
}

func oneTitle(tx *sqldb.Tx, query, arg string) (Title, bool, error) {
	list, err := sqldb.Many(tx, query, []any{arg}, justTitle)
	if err != nil || len(list) == 0 {
		return Title{}, false, err
	}
	return list[0], true, nil
}

// searchTitles finds titles that contain every word, or that a number names. The
// filters are put together here, because the two engines disagree about
// "$1 IS NULL OR …".
func searchTitles(tx *sqldb.Tx, q Query, words []string, number string) ([]Title, int, error) {
	where, args := []string{"1 = 1"}, []any{}
	add := func(condition string, arg any) {
		args = append(args, arg)
		where = append(where, fmt.Sprintf(condition, len(args)))
	}
	for _, w := range words {
		add(`search_text LIKE $%d ESCAPE '!'`, "%"+strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(w)+"%")
	}
	if q.Kind != "" {
		add(`kind = $%d`, string(q.Kind))
	}
	if q.Language != "" {
		add(`language = $%d`, q.Language)
	}
	if q.Youth {
		where = append(where, "youth")
	}
	if q.Away {
		where = append(where, "withdrawn")
	}
	switch {
	case secret.IsID(number):
		add(`id = $%d`, number)
	case number != "": // an ISBN: of the file itself, or of the metadata beside it
		args = append(args, "%"+number+"%", `%"isbn":"`+number+`"%`)
		where = append(where, fmt.Sprintf(`(search_text LIKE $%d OR details LIKE $%d)`, len(args)-1, len(args)))
	}
	filter := strings.Join(where, " AND ")
	var total int
	if _, err := tx.One(`SELECT COUNT(*) FROM title WHERE `+filter, args, &total); err != nil {
		return nil, 0, err
	}
	n := len(args)
	list, err := sqldb.Many(tx, `SELECT `+titleColumns+` FROM title WHERE `+filter+
		fmt.Sprintf(` ORDER BY sort_name, id LIMIT $%d OFFSET $%d`, n+1, n+2), append(args, q.Limit, max(q.Skip, 0)), justTitle)
	return list, total, err
}

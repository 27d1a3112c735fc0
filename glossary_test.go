package lidwoord_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestGlossaryAndDocsNameWhatIsThere holds the maps to the house: each name in
// their backticks is a package, a file, an identifier, a table or a column.
func TestGlossaryAndDocsNameWhatIsThere(t *testing.T) {
	known := identifiers(t)
	columns := schema(t)
	code := regexp.MustCompile("`([^`]+)`")
	for _, doc := range []string{"GLOSSARY.md", "docs/enrolment.md", "docs/changing.md", "docs/signon.md"} {
		text, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			room := "" // `account.Ask`, `Prove` are of one room
			for _, m := range code.FindAllStringSubmatch(line, -1) {
				name := m[1]
				dot := strings.LastIndex(name, ".")
				switch {
				case strings.HasPrefix(name, "/"), strings.HasPrefix(name, "…"), strings.ContainsAny(name, " :="): // an address, a command, a line of a log
					continue
				case doc == "docs/signon.md" && !strings.HasPrefix(name, "signon.") && !strings.Contains(name, "/"): // a word of the protocol
					continue
				case strings.Contains(name, "/"), strings.HasSuffix(name, ".go"):
					if !there(name) {
						t.Errorf("%s: no file or folder %s", doc, name)
					}
				case columns[name]:
				case dot > 0 && known[name]:
					room = name[:dot]
				case !known[room+"."+name]:
					t.Errorf("%s: there is no %s", doc, name)
				}
			}
		}
	}
}

// there finds a path from the root, or from one of its wings.
func there(path string) bool {
	for _, wing := range []string{"", "base", "library", "identity", "reading", "web"} {
		if _, err := os.Stat(filepath.Join(wing, path)); err == nil {
			return true
		}
	}
	return false
}

// identifiers are all package.Name, package.Type.Method and package.Type.Field.
func identifiers(t *testing.T) map[string]bool {
	t.Helper()
	known := map[string]bool{}
	sources(t, func(path, text string) {
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.SkipObjectResolution)
		if err != nil {
			return // somebody is at work there; the compiler tells
		}
		room := file.Name.Name + "."
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				of := ""
				if d.Recv != nil {
					of = strings.TrimPrefix(text[d.Recv.List[0].Type.Pos()-1:d.Recv.List[0].Type.End()-1], "*") + "."
				}
				known[room+of+d.Name.Name] = true
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.ValueSpec:
						for _, n := range s.Names {
							known[room+n.Name] = true
						}
					case *ast.TypeSpec:
						known[room+s.Name.Name] = true
						members(s, func(name string) { known[room+s.Name.Name+"."+name] = true })
					}
				}
			}
		}
	})
	return known
}

func members(s *ast.TypeSpec, see func(string)) {
	var list *ast.FieldList
	switch kind := s.Type.(type) {
	case *ast.StructType:
		list = kind.Fields
	case *ast.InterfaceType:
		list = kind.Methods
	default:
		return
	}
	for _, f := range list.List {
		for _, n := range f.Names {
			see(n.Name)
		}
	}
}

// schema is every table and table.column of the migrations.
func schema(t *testing.T) map[string]bool {
	t.Helper()
	table := regexp.MustCompile(`(?s)CREATE TABLE (\w+) \((.*?)\n\);`)
	column := regexp.MustCompile(`(?m)^\s+(\w+)\s`)
	added := regexp.MustCompile(`ALTER TABLE (\w+) ADD COLUMN (\w+)`)
	found := map[string]bool{}
	steps, err := filepath.Glob("base/migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range steps {
		text, err := os.ReadFile(step)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range added.FindAllStringSubmatch(string(text), -1) {
			found[m[1]+"."+m[2]] = true
		}
		for _, m := range table.FindAllStringSubmatch(string(text), -1) {
			found[m[1]] = true
			for _, c := range column.FindAllStringSubmatch(m[2], -1) {
				found[m[1]+"."+c[1]] = true
			}
		}
	}
	return found
}

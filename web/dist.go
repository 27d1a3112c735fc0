// Package web holds the scripts that scripts/assets bundles from npm packages.
// The folder is empty in a clone that has only Go: then the reader shows the
// plain chapter view.
package web

import "embed"

// Dist is the folder with the bundles.
//
//go:embed all:dist
var Dist embed.FS

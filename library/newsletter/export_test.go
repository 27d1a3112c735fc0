package newsletter

// Cell and ReadToken are what the fuzz targets try.
var Cell, ReadToken = cell, readToken

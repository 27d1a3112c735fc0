package factor

// Code and the two readers are tried by themselves.
var (
	Code    = code
	ReadNew = readNew
	ReadIn  = readIn
	URI     = uri
)

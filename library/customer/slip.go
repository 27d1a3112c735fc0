package customer

import "strings"

// mailDomains are where most private Dutch mail goes. Only long names: a short
// one is a single letter away from many that exist.
var mailDomains = []string{
	"gmail.com", "hotmail.com", "hotmail.nl", "outlook.com", "outlook.nl", "icloud.com", "yahoo.com", "ziggo.nl", "kpnmail.nl",
	"planet.nl", "hetnet.nl", "xs4all.nl", "upcmail.nl", "casema.nl", "quicknet.nl", "telfort.nl", "solcon.nl", "protonmail.com",
}

// EmailSlip returns the address that was probably meant: the same name at a well
// known domain one slip of the finger away, as gmial.com is of gmail.com. It
// returns "" when nothing looks wrong. It is a question to ask, never a fault.
func EmailSlip(email string) string {
	local, domain, ok := strings.Cut(strings.TrimSpace(email), "@")
	if !ok || local == "" {
		return ""
	}
	domain = strings.ToLower(domain)
	meant := ""
	for _, known := range mailDomains {
		switch {
		case domain == known:
			return ""
		case meant == "" && oneSlip([]rune(domain), []rune(known)):
			meant = local + "@" + known
		}
	}
	return meant
}

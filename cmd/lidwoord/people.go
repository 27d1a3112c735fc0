package main

// demoPerson is somebody invented. Between them they carry the names, births
// and addresses that break software.
type demoPerson struct {
	initials, prefix, surname, given string
	birth                            string
	country, postcode, house         string
	street, place                    string
	email, iban                      string
	parent, parentEmail              string
	membership, branch               string
	daysAgo                          int
	login                            fate
	english                          bool
	owes                             bool   // went home to pay later
	shows                            string // message key of what the demo shows with this login
}

var demoPeople = []demoPerson{
	{initials: "L", prefix: "van der", surname: "Veen", given: "Lieke", birth: "14-6-1987", country: "NL", postcode: "9468 CA", house: "7", street: "Brink", place: "Annen",
		email: "lieke@veen.example", iban: "NL91ABNA0417164300", membership: "0141", branch: "5280", daysAgo: 120, login: activeLogin, shows: "start.reader"},
	{initials: "T", surname: "Visser", given: "Tom", birth: "2-9-1974", country: "NL", postcode: "9401 JK", house: "12", street: "Markt", place: "Assen",
		email: "tom@visser.example", membership: "0090", branch: "5210", daysAgo: 200, login: activeLogin, shows: "start.ended"},
	{initials: "R", surname: "Ramdhanie-Soerdjbalie", given: "Roshni", birth: "30-11-1969", country: "NL", postcode: "7811 AP", house: "88", street: "Hoofdstraat", place: "Emmen",
		email: "roshni@ramdhanie.example", membership: "0086", branch: "5220", daysAgo: 45, login: activeLogin, shows: "start.physical"},
	{initials: "A", surname: "'t Hooft", given: "Anna", birth: "12-3-1958", country: "NL", postcode: "9468 EN", house: "3a", street: "Zuidlaarderweg", place: "Annen",
		email: "anna@thooft.example", iban: "NL39RABO0300065264", membership: "0141", branch: "5280", daysAgo: 30, login: activeLogin},
	{initials: "IJ", surname: "Ĳssel", given: "Ĳsbrand", birth: "5-5-1949", country: "NL", postcode: "9461 DA", house: "21", street: "Brink", place: "Gieten",
		email: "ijsbrand@ijssel.example", membership: "0141", branch: "5290", daysAgo: 400, login: activeLogin},
	{initials: "D", surname: "Şahin-Yıldız", given: "Defne", birth: "19-10-1995", country: "NL", postcode: "7811 AP", house: "104-2", street: "Hoofdstraat", place: "Emmen",
		email: "defne@sahin.example", iban: "NL86INGB0002445588", membership: "0091", branch: "5220", daysAgo: 10, login: activeLogin},
	{surname: "Amrish", birth: "1-1-1990", country: "NL", postcode: "9471 AC", house: "5", street: "Stationsweg", place: "Zuidlaren",
		email: "amrish@post.example", membership: "0141", branch: "5270", daysAgo: 0, login: waitingLogin},
	{initials: "M", prefix: "de", surname: "Vries", given: "Marit", birth: "29-2-2008", country: "NL", postcode: "9451 AR", house: "33", street: "Hoofdstraat", place: "Rolde",
		email: "marit@devries.example", membership: "0141", branch: "5300", daysAgo: 250, login: activeLogin},
	{initials: "Z", surname: "Żywiałowska", given: "Zofia", birth: "8-8-1981", country: "NL", postcode: "7741 JW", house: "9", street: "Friesestraat", place: "Coevorden",
		email: "zofia@zywia.example", membership: "0141", branch: "5250", daysAgo: 3, login: expiredLogin},
	{initials: "S", surname: "O'Brien", given: "Sinéad", birth: "17-3-1979", country: "NL", postcode: "9301 AB", house: "64", street: "Heerestraat", place: "Roden",
		email: "sinead@obrien.example", membership: "0141", branch: "5260", daysAgo: 60, login: activeLogin, english: true, owes: true},
	{initials: "C", surname: "d'Ancona", given: "Clara", birth: "23-7-1966", country: "NL", postcode: "7941 AB", house: "15", street: "Hoofdstraat", place: "Meppel",
		email: "clara@dancona.example", membership: "0141", branch: "5240", daysAgo: 90, login: activeLogin},
	{initials: "Chr", surname: "IJzerman", given: "Chris", birth: "11-12-2000", country: "NL", postcode: "7902 EA", house: "21", street: "Grote Kerkstraat", place: "Hoogeveen",
		email: "chris@ijzerman.example", membership: "0090", branch: "5230", daysAgo: 20, login: activeLogin},
	{initials: "Th", prefix: "de la", surname: "Fuente y Martínez", given: "Théo", birth: "28-2-1972", country: "NL", postcode: "9531 AA", house: "1", street: "Hoofdstraat", place: "Borger",
		email: "theo@fuente.example", membership: "0141", branch: "5310", daysAgo: 5, login: activeLogin},
	{initials: "K", surname: "Müller-Lüdenscheidt", given: "Käthe", birth: "3-4-1955", country: "DE", postcode: "49824", house: "12", street: "Hauptstraße", place: "Emlichheim",
		email: "kaethe@mueller.example", iban: "DE89370400440532013000", membership: "0141", branch: "5250", daysAgo: 15, login: activeLogin},
	{initials: "B", surname: "Janssens", given: "Bart", birth: "9-9-1999", country: "BE", postcode: "2800", house: "4", street: "Grote Markt", place: "Mechelen",
		email: "bart@janssens.example", membership: "0141", branch: "5210", daysAgo: 1, login: expiredLogin},
	{initials: "J", surname: "Null", given: "Jennifer", birth: "31-12-1985", country: "NL", postcode: "9403 AB", house: "50", street: "Vaart Noordzijde", place: "Assen",
		email: "jennifer@null.example", membership: "0141", branch: "5210", daysAgo: 7, login: noLogin},
	{initials: "T.M", surname: "Nguyễn", given: "Thị Minh", birth: "16-2-1993", country: "NL", postcode: "7902 EA", house: "70", street: "Grote Kerkstraat", place: "Hoogeveen",
		email: "minh@nguyen.example", membership: "0141", branch: "5230", daysAgo: 0, login: waitingLogin},
	{initials: "N", surname: "Bakker", given: "Noor", birth: "6-6-2017", country: "NL", postcode: "9468 EN", house: "18", street: "Zuidlaarderweg", place: "Annen",
		email: "familie@bakker.example", parent: "Eline Bakker", parentEmail: "familie@bakker.example", membership: "0141", branch: "5280", daysAgo: 12, login: activeLogin},
	{initials: "S", surname: "Bakker", given: "Sem", birth: "21-1-2011", country: "NL", postcode: "9468 EN", house: "18", street: "Zuidlaarderweg", place: "Annen",
		email: "familie@bakker.example", parent: "Eline Bakker", parentEmail: "familie@bakker.example", membership: "0141", branch: "5280", daysAgo: 12, login: activeLogin},
	{initials: "F", prefix: "de", surname: "Groot", given: "Fenna", birth: "30-3-2016", country: "NL", postcode: "9401 JK", house: "9", street: "Markt", place: "Assen",
		email: "fenna@degroot.example", parent: "Mirjam de Groot", parentEmail: "mirjam@degroot.example", membership: "0142", branch: "5210", daysAgo: 25, login: activeLogin, shows: "start.youth"},
	{initials: "W.F.A.C", prefix: "van", surname: "Heeckeren-Schimmelpenninck van der Oye tot Oldenbarnevelt", given: "Willemijn", birth: "24-12-1931", country: "NL", postcode: "9468 CA", house: "2", street: "Brink", place: "Annen",
		email: "willemijn@heeckeren.example", membership: "0141", branch: "5280", daysAgo: 500, login: activeLogin},
}

package password

func tidy() {}

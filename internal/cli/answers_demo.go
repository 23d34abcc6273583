package cli

// demoAnswers are the rows that the demonstration alone prints.
func demoAnswers() []answer {
	return []answer{
		{heading{}, "demo", "a step of the demonstration"},
		{stolen{}, "demo", "what stolen keys reach"},
	}
}

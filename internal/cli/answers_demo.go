package cli

// demoAnswers are the rows that the demonstration alone prints.
func demoAnswers() []answer {
	return []answer{
		{demoBegun{}, "demo", "where the demonstration works"},
		{demoDone{}, "demo", "a step of the demonstration"},
		{demoFinding{}, "demo", "the finding that the demonstration opens with"},
		{demoFound{}, "demo", "another finding of the demonstration"},
		{demoConsole{}, "demo", "where the demonstration's console answers"},
	}
}

package console

// Waiting is how many visitors wait for the home to be read.
func (c *Console) Waiting() int {
	c.home.mu.Lock()
	defer c.home.mu.Unlock()
	if c.home.reading == nil {
		return 0
	}
	return c.home.reading.waiting
}

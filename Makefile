lint:
	@true

"""Messages made readable for people, with everything that is wrong with them."""

"""A desk to look at: an empty one is filled through the product's own verbs, and a visitor can
be the customer. No account anywhere; a desk with data of its own is left alone."""

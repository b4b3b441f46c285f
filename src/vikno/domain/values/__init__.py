"""Small values every floor shares: person id, phone, money, locale, period."""

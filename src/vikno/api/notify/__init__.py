"""The API of GOV.UK Notify, kept so exactly that its clients work here as they are; `app` says which addresses."""

"""A django-helpdesk as its manual sets it up, reading mails from a folder."""

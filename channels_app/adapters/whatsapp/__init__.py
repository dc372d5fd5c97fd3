"""WhatsApp, as Meta's Cloud API speaks it."""

"""Mail: login codes and notices to owners go out through a `Mailer`."""

import email
import email.policy
from email.headerregistry import Address
from email.message import EmailMessage

message = EmailMessage()
message["Subject"] = "Grüße aus Köln, a long subject that has to be folded because it is beyond seventy-eight characters"
message["From"] = Address("Ann Müller", "ann", "example.org")
message["To"] = "bob@example.org"
message.set_content("Hällo\n" * 2)
message.add_attachment(b"\x00\x01\x02", maintype="application", subtype="octet-stream", filename="né.bin")
message.set_boundary("BOUNDARY")
text = message.as_string()
back = email.message_from_string(text, policy=email.policy.default)
result = [text, back["subject"], [part.get_content_type() for part in back.walk()], back.get_body().get_content(), [part.get_filename() for part in back.iter_attachments()]]

"""Pages that browsers may connect from in the tests, and others that only look like them."""

ORIGIN = "https://chat.example.com"

OTHERS = [
    "",
    "null",
    "https://evil.example",
    "http://chat.example.com",
    "https://chat.example.com.evil.example",
    "https://evil-chat.example.com",
    "https://chat.example.com:8443",
    "https://chat.example.com/",
    "https://CHAT.example.com",
    "https://chat.example.com, https://evil.example",
    "*",
]

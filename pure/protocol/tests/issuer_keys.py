"""Two RSA keys for tests, made once with `cryptography` and written down, so that vectors can be made again."""

from dataclasses import dataclass

P = """
f71677b5df4d451df5dcb2a154aaf3a9f7ae3d8f53c998ec1277de3d8e22b39b30c5bd2c9355c6a4652caf5c9f25d476a1af8d3f3ccb3f13
9e328374dc33f443b6ed6b456d20431789701a98bcaf5cab5d2548598a31aae6c58fe8a2f4b1b41169c0ee15c1d720c73ee773f4e4ea8dde
968bda8772c896f8a3ed92eebfe0961d
"""
Q = """
cdc4bb01610f61b5079d2d023e9369e80ae28a628e9c6128eb6d7984335f0d32f9e33ffba3b7705d285255cd414b09f5ecbac003ecdc4ed2
be42528aa34dc651f1abb3a98fe075e21c2c80a3e5172b76ad048f5e3992c34c2b540841f4bc9d931a00c4c7d5dea70d649ea5c334507b14
cb508d05671475a1b2a4c67bb83845b3
"""
OTHER_P = """
c159f126093ff96eab70da82666f32b6d3dcfe402f65d22c3d6fcf4c56c332002da325c21594d602920787700de152791de1e790de3bb903
394c24c57bc40bc60803c213d6197fc9ae3edae35e1b8ce4f8d81a96c9a87564d4e04cffc34b036a7263d4231a5fe7dd7568ff9930c092bd
a7ed7fc59ddec08de5febc383edfc72d
"""
OTHER_Q = """
bd2c80b57036196db58d4aa7f6535b9a6a7c705cbce94d178e3a15346cd7b12ed474f3c01fc7e51afbcc5acc4fdbd2306884ee9a8d4aa7a7
77a6c9c94aad50f1b78540c906fbd2face0f2257f1a84233846af5af468cbf12d61f4e4f1a6fa1e580cbdf4a405d1d81ed8b6e2ec1fdffb4
dbcfc1b891920cd480f5f20f6806991d
"""


@dataclass(frozen=True)
class IssuerSecret:
    """The plain arithmetic of an issuer: nothing of it is constant in time, and nothing needs to be here."""

    p: int
    q: int

    @property
    def n(self) -> int:
        return self.p * self.q

    @property
    def d(self) -> int:
        return pow(65_537, -1, (self.p - 1) * (self.q - 1))

    def sign(self, number: int) -> int:
        return pow(number, self.d, self.n)

    def answer(self, request: bytes) -> bytes:
        """What an honest issuer answers to a token request."""
        return self.sign(int.from_bytes(request[3:])).to_bytes(256)


def _number(text: str) -> int:
    return int("".join(text.split()), 16)


ISSUER = IssuerSecret(_number(P), _number(Q))
OTHER = IssuerSecret(_number(OTHER_P), _number(OTHER_Q))

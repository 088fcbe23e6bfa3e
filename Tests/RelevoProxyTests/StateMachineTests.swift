// Every event of the exchange's machine in every state. What the actions do is shown by the integration tests.

import RelevoPolicy
@testable import RelevoProxy
import Testing

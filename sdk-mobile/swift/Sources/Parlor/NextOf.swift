import ParlorNative

extension ParlorNative.Client {
    /// Waits for the next delivery. Returns nothing once the client has ended.
    func nextDelivery() async -> Delivery? {
        while await waitForDelivery() {
            if let delivery = takeDelivery() {
                return delivery
            }
        }
        return nil
    }

    /// Waits until the connection's state is another. Returns nothing once the client has ended.
    func nextConnectionState() async -> ConnectionState? {
        while await waitForConnectionState() {
            if let state = takeConnectionState() {
                return state
            }
        }
        return nil
    }

    /// Waits until another token is needed. Returns nothing once the client has ended.
    func nextTokenRequest() async -> TokenRequest? {
        while await waitForTokenRequest() {
            if let request = takeTokenRequest() {
                return request
            }
        }
        return nil
    }
}
